"""Parts of training that are registered with MMPose; the engine itself is MMEngine's."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from . import checkpoints, hooks, logging, optim_wrappers, visualizers

__all__ = ['checkpoints', 'hooks', 'logging', 'optim_wrappers', 'visualizers']
