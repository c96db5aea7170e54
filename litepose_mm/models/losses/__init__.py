from .ae_loss import BatchAssociativeEmbeddingLoss
from .linear_feature_loss import LinearFeatureLoss
from .weight_adaptive_heatmap_loss import WeightAdaptiveHeatmapLoss

__all__ = ['BatchAssociativeEmbeddingLoss', 'LinearFeatureLoss', 'WeightAdaptiveHeatmapLoss']
