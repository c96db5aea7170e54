from .ae_loss import BatchAssociativeEmbeddingLoss

__all__ = ['BatchAssociativeEmbeddingLoss']
