"""Find the best peaks of heatmaps inside a network's graph, which reduces its output."""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class Candidates(NamedTuple):
    """The ``M`` best candidates of each of ``K`` keypoints, best first.

    Attributes:
        values: Heatmap values ``(B, K, M)``. If there are fewer than ``M`` peaks, the remaining
            values are 0, with arbitrary positions.
        positions: x and y in pixels of the heatmaps, ``(B, K, M, 2)``. As in the authors' code,
            the index of the pixel is moved by a quarter towards its larger neighbour, to the left
            or top if both are equal.
        tags: Tags ``(B, K, M, L)``.
    """

    values: Tensor
    positions: Tensor
    tags: Tensor


def find_candidates(
    heatmaps: Tensor, tags: Tensor, top_k: int = 30, nms_kernel: int = 5
) -> Candidates:
    """Find the ``top_k`` highest local maxima of each heatmap (HigherHRNet's ``HeatmapParser``).

    All operators exist in ONNX from opset 11 on and work for any batch and size. Maps need at
    least ``top_k`` pixels.

    Args:
        heatmaps: Heatmaps ``(B, K, h, w)``.
        tags: Tag maps ``(B, L * K, h, w)``; keypoints vary fastest.
        top_k: Number of candidates per keypoint, ``M``.
        nms_kernel: Odd side length, in pixels of the heatmaps, of the square in which a peak must
            be the maximum.
    """
    num_keypoints, height, width = heatmaps.shape[1:]
    highest = F.max_pool2d(heatmaps, nms_kernel, stride=1, padding=nms_kernel // 2)
    peaks = torch.where(heatmaps == highest, heatmaps, torch.zeros_like(heatmaps))
    values, index = peaks.flatten(2).topk(top_k, dim=2)

    x, y = index % width, torch.div(index, width, rounding_mode='trunc')
    positions = torch.stack([x, y], dim=-1).float()
    flat = heatmaps.flatten(2)
    # Comparisons keep neighbours inside, because Clip lacks int64 before opset 12.
    right, left = index + (x < width - 1).long(), index - (x > 0).long()
    below, above = index + width * (y < height - 1).long(), index - width * (y > 0).long()
    to_right = flat.gather(2, right) > flat.gather(2, left)
    to_below = flat.gather(2, below) > flat.gather(2, above)
    positions = positions + (torch.stack([to_right, to_below], dim=-1).float() / 2 - 0.25)

    everywhere = index.repeat(1, tags.shape[1] // num_keypoints, 1)
    tags = tags.flatten(2).gather(2, everywhere)
    tags = tags.reshape(tags.shape[0], -1, num_keypoints, top_k)
    return Candidates(values, positions, tags.permute(0, 2, 3, 1))
