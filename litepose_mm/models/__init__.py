"""Network parts, registered in ``mmpose.registry.MODELS``."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from .backbones import (
    CompactEfficientNet,
    DilatedMobileNet,
    EfficientHRNet,
    EfficientPose,
    LitePose,
    ShrinkableHRNet,
)
from .data_preprocessors import MultiScaleDataPreprocessor, RandomMosaic
from .distillers import DistilledBottomupPoseEstimator
from .heads import (
    EfficientPoseHead,
    FusionDeconvHead,
    HigherHRNetHead,
    LightweightOpenPoseHead,
    MultiLevelAEHead,
    PartAffinityHead,
)
from .losses import BatchAssociativeEmbeddingLoss, BatchL2Loss
from .pose_estimators import MultiScaleBottomupPoseEstimator

__all__ = [
    'BatchAssociativeEmbeddingLoss',
    'BatchL2Loss',
    'CompactEfficientNet',
    'DilatedMobileNet',
    'DistilledBottomupPoseEstimator',
    'EfficientHRNet',
    'EfficientPose',
    'EfficientPoseHead',
    'FusionDeconvHead',
    'HigherHRNetHead',
    'LightweightOpenPoseHead',
    'LitePose',
    'MultiLevelAEHead',
    'MultiScaleBottomupPoseEstimator',
    'MultiScaleDataPreprocessor',
    'PartAffinityHead',
    'RandomMosaic',
    'ShrinkableHRNet',
]
