from .alternating_batch_sampler import AlternatingBatchSampler

__all__ = ['AlternatingBatchSampler']
