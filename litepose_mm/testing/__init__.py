"""Helpers of tests and benchmarks: synthetic maps, and the authors' procedure (``reference``)."""

from .maps import synthetic_fields, synthetic_maps, synthetic_outputs

__all__ = ['synthetic_fields', 'synthetic_maps', 'synthetic_outputs']
