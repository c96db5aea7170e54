from .distilled_bottomup import DistilledBottomupPoseEstimator
from .multi_scale_bottomup import MultiScaleBottomupPoseEstimator

__all__ = ['DistilledBottomupPoseEstimator', 'MultiScaleBottomupPoseEstimator']
