"""Network parts, registered in ``mmpose.registry.MODELS``."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from .backbones import CompactEfficientNet, EfficientHRNet, LitePose, ShrinkableHRNet
from .data_preprocessors import MultiScaleDataPreprocessor, RandomMosaic
from .distillers import DistilledBottomupPoseEstimator
from .heads import FusionDeconvHead, HigherHRNetHead, MultiLevelAEHead
from .losses import BatchAssociativeEmbeddingLoss
from .pose_estimators import MultiScaleBottomupPoseEstimator

__all__ = [
    'BatchAssociativeEmbeddingLoss',
    'CompactEfficientNet',
    'DistilledBottomupPoseEstimator',
    'EfficientHRNet',
    'FusionDeconvHead',
    'HigherHRNetHead',
    'LitePose',
    'MultiLevelAEHead',
    'MultiScaleBottomupPoseEstimator',
    'MultiScaleDataPreprocessor',
    'RandomMosaic',
    'ShrinkableHRNet',
]
