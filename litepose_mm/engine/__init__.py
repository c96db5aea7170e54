"""Hooks and optimiser wrappers of training, registered with MMPose; the engine is MMEngine's."""

from . import hooks, optim_wrappers

__all__ = ['hooks', 'optim_wrappers']
