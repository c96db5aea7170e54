from .ae_loss import BatchAssociativeEmbeddingLoss
from .batch_l2_loss import BatchL2Loss
from .weight_adaptive_heatmap_loss import WeightAdaptiveHeatmapLoss

__all__ = ['BatchAssociativeEmbeddingLoss', 'BatchL2Loss', 'WeightAdaptiveHeatmapLoss']
