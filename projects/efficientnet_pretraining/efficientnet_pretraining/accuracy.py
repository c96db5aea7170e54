"""How often the right class is among the best ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from mmengine.evaluator import BaseMetric
from mmengine.registry import METRICS
from torch import Tensor


@METRICS.register_module()
class TopKAccuracy(BaseMetric):
    """Percentage of images whose class is among the ``k`` with the highest scores.

    Args:
        topk: Values of ``k``.
        **kwargs: Arguments of ``BaseMetric``.
    """

    default_prefix = 'accuracy'

    def __init__(self, topk: Sequence[int] = (1, 5), **kwargs):
        super().__init__(**kwargs)
        self.topk = tuple(topk)

    def process(self, data_batch: Mapping[str, Tensor], data_samples: Sequence[Tensor]) -> None:
        """Keep, for each image, how many classes have a higher score than its own."""
        scores, labels = torch.stack(list(data_samples)).cpu(), data_batch['labels'].cpu()
        own = scores.gather(1, labels[:, None])
        self.results += (scores > own).sum(1).tolist()

    def compute_metrics(self, results: Sequence[int]) -> dict[str, float]:
        ranks = torch.tensor(results)
        return {f'top{k}': 100 * float((ranks < k).float().mean()) for k in self.topk}
