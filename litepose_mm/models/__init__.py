"""Network parts, registered in ``mmpose.registry.MODELS``."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from .backbones import DilatedMobileNet, LitePose
from .data_preprocessors import MultiScaleDataPreprocessor, RandomMosaic
from .distillers import DistilledBottomupPoseEstimator
from .heads import (
    FusionDeconvHead,
    LightweightOpenPoseHead,
    MultiLevelAEHead,
    PartAffinityHead,
)
from .losses import BatchAssociativeEmbeddingLoss, BatchL2Loss
from .pose_estimators import MultiScaleBottomupPoseEstimator

__all__ = [
    'BatchAssociativeEmbeddingLoss',
    'BatchL2Loss',
    'DilatedMobileNet',
    'DistilledBottomupPoseEstimator',
    'FusionDeconvHead',
    'LightweightOpenPoseHead',
    'LitePose',
    'MultiLevelAEHead',
    'MultiScaleBottomupPoseEstimator',
    'MultiScaleDataPreprocessor',
    'PartAffinityHead',
    'RandomMosaic',
]
