"""Helpers of tests and benchmarks: synthetic maps, and the authors' procedure (``reference``)."""

from .maps import synthetic_maps

__all__ = ['synthetic_maps']
