"""Mosaics of the images of a batch, made on the training device."""

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
    """Replace each image by a random window of a square grid of the batch's images.

    Images that show one person each thus become samples that show several. The class is meant for
    ``batch_augments`` of a data preprocessor: images ``(B, 3, T_h, T_w)`` become as many samples
    ``(B, 3, H, W)``. A worker reads one image per sample, while MMPose's ``Mosaic`` reads four.

    Labels are not transformed, so this is only for training without them
    (``DistilledBottomupPoseEstimator(with_labels=False)``).

    Args:
        output_size: Width and height of the samples, with the aspect ratio of the images.
        tiles: Number of images in each row and each column of a grid.
        scale_factor: Smallest and largest share of the grid's side that a window shows, at most 1.
            The logarithm of the share is uniformly distributed, so that all sizes of people are
            equally likely. Windows smaller than one image rarely show a whole person.

    Raises:
        ValueError: ``scale_factor`` is out of its range.
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
            raise ValueError(
                f'scale_factor: expected 0 < smallest <= largest <= 1, got {(low, high)}'
            )

    def forward(self, inputs: Tensor, data_samples: SampleList) -> tuple[Tensor, SampleList]:
        """Return the new images, and ``data_samples`` with their new size.

        Raises:
            LitePoseError: The samples have targets, or the images have another aspect ratio.
        """
        (width, height), (tile_h, tile_w) = self.output_size, inputs.shape[2:]
        if any('gt_fields' in sample for sample in data_samples):
            raise LitePoseError(
                'RandomMosaic: expected samples without targets, because it does not transform '
                'them; remove GenerateTarget from the pipeline'
            )
        if width * tile_h != height * tile_w:
            raise LitePoseError(
                f'RandomMosaic: expected images with the aspect ratio of {width}x{height}, got '
                f'{tile_w}x{tile_h}; change output_size or the input_size of the pipeline'
            )
        with torch.autocast(inputs.device.type, enabled=False):  # 16-bit positions are inexact
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

    # Random numbers come from the CPU, so that they are the same on every device.

    def _grids(self, inputs: Tensor) -> Tensor:
        """Make grids ``(B, 3, tiles * T_h, tiles * T_w)``, using all images equally often."""
        count = len(inputs)
        chosen = torch.stack([torch.randperm(count) for _ in range(self.tiles**2)], 1)
        rows = inputs[chosen.flatten()].unflatten(0, (count, self.tiles, self.tiles))
        return rows.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)

    def _windows(self, count: int) -> Tensor:
        """Draw affine maps ``(B, 2, 3)`` from window to grid coordinates, both from -1 to 1."""
        low, high = torch.tensor(self.scale_factor).log()
        scale = (low + (high - low) * torch.rand(count)).exp()
        theta = torch.diag_embed(torch.stack([scale, scale], 1))
        center = (1 - scale)[:, None] * (2 * torch.rand(count, 2) - 1)
        return torch.cat([theta, center[:, :, None]], 2)
