from .distilled_bottomup import DistilledBottomupPoseEstimator

__all__ = ['DistilledBottomupPoseEstimator']
