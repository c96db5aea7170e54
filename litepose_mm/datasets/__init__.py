"""Data sets and transforms, registered with MMPose."""

from . import transforms

__all__ = ['transforms']
