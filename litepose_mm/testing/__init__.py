"""For tests and benchmarks: maps with people, and the authors' procedure (``reference``)."""

from .maps import synthetic_maps

__all__ = ['synthetic_maps']
