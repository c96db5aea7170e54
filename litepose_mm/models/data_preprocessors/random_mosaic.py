"""Mosaics of a batch's images, made on the training device."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmpose.registry import MODELS
from mmpose.utils.typing import SampleList
from torch import Tensor, nn

from ...errors import LitePoseError


@MODELS.register_module()
class RandomMosaic(nn.Module):
    """Windows on square grids of a batch's images: samples of one person each get several.

    For ``batch_augments`` of a data preprocessor. Images ``(B, 3, T_h, T_w)`` become as many
    samples ``(B, 3, H, W)``, each a window that is drawn on a grid of images that are drawn from
    the batch. So workers read one image for a sample; MMPose's ``Mosaic`` reads four.

    Labels do not follow, so this is for training without them
    (``DistilledBottomupPoseEstimator(with_labels=False)``).

    Args:
        output_size: Width and height of the samples, of the same ratio as those of the images.
        tiles: How many images are side by side in a grid, and above each other.
        scale_factor: Least and largest part of the grid's side that a window shows, at most 1. Its
            logarithm is drawn uniformly, so that all sizes of people are equally likely. Windows
            that show less than one image mostly show nobody whole.
    """

    def __init__(
        self,
        output_size: tuple[int, int],
        tiles: int = 3,
        scale_factor: Sequence[float] = (1 / 3, 1.0),
    ) -> None:
        super().__init__()
        self.output_size = tuple(output_size)
        self.tiles = tiles
        self.scale_factor = low, high = tuple(scale_factor)
        if not 0 < low <= high <= 1:
            raise ValueError(f'scale_factor: expected 0 < least <= largest <= 1, got {(low, high)}')

    def forward(self, inputs: Tensor, data_samples: SampleList) -> tuple[Tensor, SampleList]:
        """The samples, and ``data_samples`` with their new size.

        Raises:
            LitePoseError: There are targets, or the images are of another ratio.
        """
        (width, height), (tile_h, tile_w) = self.output_size, inputs.shape[2:]
        if any('gt_fields' in sample for sample in data_samples):
            raise LitePoseError(
                'RandomMosaic: expected samples without targets, since they do not follow; take '
                'GenerateTarget out of the pipeline'
            )
        if width * tile_h != height * tile_w:
            raise LitePoseError(
                f'RandomMosaic: expected images of the ratio of {width}x{height}, '
                f'got {tile_w}x{tile_h}'
            )
        with torch.autocast(inputs.device.type, enabled=False):  # 16 bits would move pixels
            places = F.affine_grid(
                self._windows(len(inputs)).to(inputs),
                [len(inputs), inputs.shape[1], height, width],
                align_corners=False,
            )
            samples = F.grid_sample(
                self._grids(inputs), places, padding_mode='border', align_corners=False
            )
        for sample in data_samples:
            sample.set_metainfo(dict(batch_input_shape=(height, width), img_shape=(height, width)))
        return samples, data_samples

    # What is drawn is drawn on the processor: the same numbers for every device.

    def _grids(self, inputs: Tensor) -> Tensor:
        """``(B, 3, tiles * T_h, tiles * T_w)``; every image is in as many as every other."""
        count = len(inputs)
        chosen = torch.stack([torch.randperm(count) for _ in range(self.tiles**2)], 1)
        rows = inputs[chosen.flatten()].unflatten(0, (count, self.tiles, self.tiles))
        return rows.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)

    def _windows(self, count: int) -> Tensor:
        """Maps ``(B, 2, 3)`` from a window's coordinates to its grid's, both from -1 to 1."""
        low, high = torch.tensor(self.scale_factor).log()
        scale = (low + (high - low) * torch.rand(count)).exp()
        theta = torch.diag_embed(torch.stack([scale, scale], 1))
        center = (1 - scale)[:, None] * (2 * torch.rand(count, 2) - 1)
        return torch.cat([theta, center[:, :, None]], 2)
