"""EfficientHRNet's supernet: its elastic backbone and its search space."""

from .networks import ElasticEfficientHRNet
from .space import EfficientHRNetSearchSpace

__all__ = ['EfficientHRNetSearchSpace', 'ElasticEfficientHRNet']
