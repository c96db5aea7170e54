from .ae_loss import BatchAssociativeEmbeddingLoss
from .weight_adaptive_heatmap_loss import WeightAdaptiveHeatmapLoss

__all__ = ['BatchAssociativeEmbeddingLoss', 'WeightAdaptiveHeatmapLoss']
