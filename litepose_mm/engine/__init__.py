"""Hooks of training, registered with MMPose; the engine itself is MMEngine's."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from . import hooks

__all__ = ['hooks']
