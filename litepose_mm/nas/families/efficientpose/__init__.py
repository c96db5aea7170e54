"""EfficientPose's elastic backbone for evolution, and its search spaces."""

from .networks import ElasticEfficientPose
from .space import EfficientPoseSearchSpace

__all__ = ['ElasticEfficientPose', 'EfficientPoseSearchSpace']
