"""Hooks and visualizers of training, registered with MMPose; the engine itself is MMEngine's."""

from . import hooks, visualizers

__all__ = ['hooks', 'visualizers']
