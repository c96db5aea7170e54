"""Data sets and transforms, registered with MMPose."""

from . import datasets, transforms

__all__ = ['datasets', 'transforms']
