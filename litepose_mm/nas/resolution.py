"""A batch of training at another resolution, with targets of that resolution.

LitePose (CVPR 2022), section 4: the supernet learns several resolutions. The released code shrinks
the targets with the image, to the nearest pixel, so that their sigma shrinks too, and moves
joints by up to 3 pixels, or into another joint's map. Here keypoints are moved, and targets drawn.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.structures import InstanceData
from mmpose.structures import MultilevelPixelData, PoseDataSample
from torch import Tensor

from ..codecs import MultiLevelAssociativeEmbedding
from ..errors import LitePoseError


def at_resolution(
    inputs: Tensor,
    data_samples: list[PoseDataSample],
    codec: MultiLevelAssociativeEmbedding,
    short_side: int,
) -> tuple[Tensor, list[PoseDataSample]]:
    """Shrinks, or enlarges, a batch of training.

    Args:
        inputs: Images ``(B, 3, H, W)``.
        data_samples: Their samples, keypoints in pixels of the input as transforms for bottom-up
            training leave them. Not changed.
        codec: The codec of their targets; those at the new size are its own, too.
        short_side: The shorter of height and width afterwards, in pixels.

    Returns:
        Images and samples; those that came where the size is the same.

    Raises:
        LitePoseError: The images are not of the codec's size.
    """
    width, height = codec.input_size
    if tuple(inputs.shape[2:]) != (height, width):
        raise LitePoseError(
            f'expected images of {width}x{height}, as the codec has, got '
            f'{inputs.shape[3]}x{inputs.shape[2]}'
        )
    if min(width, height) == short_side:
        return inputs, data_samples
    scale = short_side / min(width, height)
    width, height = round(width * scale), round(height * scale)
    # Antialiased: a pixel of the small image is the mean of those that it covers.
    images = F.interpolate(inputs, (height, width), mode='bilinear', antialias=True)
    codec = codec.at_input_size((width, height))
    return images, [_with_targets(sample, codec, scale) for sample in data_samples]


def _with_targets(
    sample: PoseDataSample, codec: MultiLevelAssociativeEmbedding, scale: float
) -> PoseDataSample:
    people = sample.gt_instances
    # Pixels are areas: the interpolation puts the corner of the first one onto that of the other.
    keypoints = (np.asarray(people.keypoints) + 0.5) * scale - 0.5
    flip = bool(sample.metainfo.get('flip'))
    encoded = codec.encode(keypoints, np.asarray(people.keypoints_visible), flip)
    fields = sample.gt_fields
    device = fields.heatmaps[0].device

    def tensor(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device)

    new = PoseDataSample(metainfo=sample.metainfo)
    new.gt_instances = people
    new.gt_fields = MultilevelPixelData(heatmaps=[tensor(maps) for maps in encoded['heatmaps']])
    if 'heatmap_mask' in fields:
        masks = zip(fields.heatmap_mask, codec.heatmap_sizes)
        new.gt_fields.set_field(
            [_resized(mask, size[::-1]) for mask, size in masks], 'heatmap_mask', dtype=None
        )
    new.gt_instance_labels = InstanceData(
        keypoint_indices=tensor(encoded['keypoint_indices']),
        keypoint_weights=tensor(encoded['keypoint_weights']),
    )
    return new


def _resized(mask: Tensor, size: tuple[int, int]) -> Tensor:
    """A mask ``(1, H, W)`` at another size, by the middle of every pixel."""
    return F.interpolate(mask[None].float(), size, mode='nearest-exact')[0].to(mask.dtype)
