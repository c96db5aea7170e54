"""Data sets and transforms, registered with MMPose."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from . import datasets, samplers, transforms

__all__ = ['datasets', 'samplers', 'transforms']
