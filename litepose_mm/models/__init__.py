"""Network parts, registered in ``mmpose.registry.MODELS``."""

from .backbones import LitePose
from .heads import FusionDeconvHead, MultiLevelAEHead
from .losses import BatchAssociativeEmbeddingLoss

__all__ = ['BatchAssociativeEmbeddingLoss', 'FusionDeconvHead', 'LitePose', 'MultiLevelAEHead']
