"""Hooks, loggers and other parts of training, registered with MMPose; MMEngine runs them."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from . import checkpoints, hooks, logging, optim_wrappers, visualizers

__all__ = ['checkpoints', 'hooks', 'logging', 'optim_wrappers', 'visualizers']
