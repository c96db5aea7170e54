"""Three lines from an image to people. Importing this needs torch and MMPose."""

import litepose_mm.modules  # noqa: F401  comes first: it makes MMPose importable

from .pose_estimator import PoseEstimator

__all__ = ['PoseEstimator']
