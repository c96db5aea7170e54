"""The Python interface of models in torch. Importing it needs torch and MMPose."""

import litepose_mm.modules  # noqa: F401  comes first, because it makes MMPose importable

from .pose_estimator import PoseEstimator

__all__ = ['PoseEstimator']
