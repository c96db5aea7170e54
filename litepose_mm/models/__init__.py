"""Network parts, registered in ``mmpose.registry.MODELS``."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from .backbones import LitePose
from .data_preprocessors import MultiScaleDataPreprocessor, RandomMosaic
from .distillers import DistilledBottomupPoseEstimator
from .heads import FusionDeconvHead, MultiLevelAEHead
from .losses import BatchAssociativeEmbeddingLoss
from .pose_estimators import MultiScaleBottomupPoseEstimator

__all__ = [
    'BatchAssociativeEmbeddingLoss',
    'DistilledBottomupPoseEstimator',
    'FusionDeconvHead',
    'LitePose',
    'MultiLevelAEHead',
    'MultiScaleBottomupPoseEstimator',
    'MultiScaleDataPreprocessor',
    'RandomMosaic',
]
