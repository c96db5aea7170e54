"""Helpers of tests and benchmarks: outputs with people; ``reference``: the authors' procedure."""

from .maps import gaussian_maps, synthetic_fields, synthetic_maps
from .outputs import outputs_with_people, stages_with_people

__all__ = [
    'gaussian_maps',
    'outputs_with_people',
    'stages_with_people',
    'synthetic_fields',
    'synthetic_maps',
]
