"""Resize a training batch together with its targets.

LitePose (CVPR 2022), section 4: the supernet learns several resolutions. The released code resizes
the target maps to the nearest pixel, which also shrinks their sigma and moves keypoints by up to 3
pixels or into another keypoint's map. Here, keypoints are scaled and targets are drawn again.
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


def resize_batch(
    inputs: Tensor,
    data_samples: list[PoseDataSample],
    codec: MultiLevelAssociativeEmbedding,
    input_size: tuple[int, int],
) -> tuple[Tensor, list[PoseDataSample]]:
    """Resize a training batch.

    Args:
        inputs: Images ``(B, 3, H, W)``.
        data_samples: Samples with keypoints in input pixels, as transforms for bottom-up training
            leave them; they are not changed.
        codec: The codec of the targets, which also makes the new ones.
        input_size: New width and height in pixels.

    Returns:
        Images and samples, which are the given ones if the size does not change.

    Raises:
        LitePoseError: The images do not have the codec's size.
    """
    width, height = codec.input_size
    if tuple(inputs.shape[2:]) != (height, width):
        raise LitePoseError(
            f'expected images of {width}x{height}, the input_size of the codec, got '
            f'{inputs.shape[3]}x{inputs.shape[2]}'
        )
    if tuple(input_size) == (width, height):
        return inputs, data_samples
    scale = np.divide(input_size, (width, height), dtype=np.float32)
    # With antialiasing, a pixel of the small image averages the pixels that it covers.
    images = F.interpolate(inputs, input_size[::-1], mode='bilinear', antialias=True)
    codec = codec.at_input_size(input_size)
    return images, [_with_targets(sample, codec, scale) for sample in data_samples]


def _with_targets(
    sample: PoseDataSample, codec: MultiLevelAssociativeEmbedding, scale: np.ndarray
) -> PoseDataSample:
    people = sample.gt_instances
    # Pixels are areas: the interpolation aligns the outer corners of the images.
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
    """Resize a mask ``(1, H, W)``, sampling it at the centre of every new pixel."""
    return F.interpolate(mask[None].float(), size, mode='nearest-exact')[0].to(mask.dtype)
