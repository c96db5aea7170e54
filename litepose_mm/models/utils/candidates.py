"""The best peaks of heatmaps as part of a network's graph, so that few numbers leave it."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Candidates(NamedTuple):
    """For each of ``K`` keypoints ``M`` candidates, best first.

    Attributes:
        values: Heatmap values ``(B, K, M)``; where there are fewer than ``M`` peaks, 0 in any
            order, at any position.
        positions: x and y in pixels of the heatmaps, ``(B, K, M, 2)``: the pixel's index and a
            quarter toward the larger neighbour, backwards on ties, as the authors do.
        tags: Tags ``(B, K, M, L)``.
    """

    values: Tensor
    positions: Tensor
    tags: Tensor


def find_candidates(
    heatmaps: Tensor, tags: Tensor, top_k: int = 30, nms_kernel: int = 5
) -> Candidates:
    """The ``top_k`` highest local maxima of every heatmap (HigherHRNet's ``HeatmapParser``).

    Built of operators that every ONNX opset from 11 on has, for any batch and size. Maps of less
    than ``top_k`` pixels are too small.

    Args:
        heatmaps: ``(B, K, h, w)``.
        tags: ``(B, L * K, h, w)``, keypoints fastest.
        top_k: Candidates of a keypoint, ``M``.
        nms_kernel: Side of the neighbourhood in which a peak is the highest, odd, in pixels of
            the heatmaps.
    """
    num_keypoints, height, width = heatmaps.shape[1:]
    highest = F.max_pool2d(heatmaps, nms_kernel, stride=1, padding=nms_kernel // 2)
    peaks = torch.where(heatmaps == highest, heatmaps, torch.zeros_like(heatmaps))
    values, index = peaks.flatten(2).topk(top_k, dim=2)

    x, y = index % width, torch.div(index, width, rounding_mode='trunc')
    positions = torch.stack([x, y], dim=-1).float()
    flat = heatmaps.flatten(2)
    # Comparisons keep neighbours inside: int64 has no Clip before opset 12.
    right, left = index + (x < width - 1).long(), index - (x > 0).long()
    below, above = index + width * (y < height - 1).long(), index - width * (y > 0).long()
    to_right = flat.gather(2, right) > flat.gather(2, left)
    to_below = flat.gather(2, below) > flat.gather(2, above)
    positions = positions + (torch.stack([to_right, to_below], dim=-1).float() / 2 - 0.25)

    everywhere = index.repeat(1, tags.shape[1] // num_keypoints, 1)
    tags = tags.flatten(2).gather(2, everywhere)
    tags = tags.reshape(tags.shape[0], -1, num_keypoints, top_k)
    return Candidates(values, positions, tags.permute(0, 2, 3, 1))
