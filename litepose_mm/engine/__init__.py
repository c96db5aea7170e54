"""Hooks of training, registered with MMPose; the engine itself is MMEngine's."""

from . import hooks

__all__ = ['hooks']
