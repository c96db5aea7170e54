"""Packing of samples."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import torch
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import TRANSFORMS

_META_KEYS = (
    'id',
    'img_id',
    'img_path',
    'crowd_index',
    'ori_shape',
    'img_shape',
    'input_size',
    'input_center',
    'input_scale',
    'input_box',
    'flip',
    'flip_direction',
    'flip_indices',
    'skeleton_links',
    'aug_scales',
)


@TRANSFORMS.register_module()
class PackMultiScaleInputs(PackPoseInputs):
    """MMPose's packing, and a list of tensors where the sample has an image for each scale.

    MMPose's own stacks the images of a list, which fails as soon as their sizes differ.

    Args:
        meta_keys: What samples carry as their meta information, where it is there.
        with_annotations: Whether they carry their annotations as these were read
            (``raw_ann_info``), too, for metrics. That is slow to copy, and training does without.
        pack_transformed: As in MMPose, whose ``browse_dataset.py`` sets it.
    """

    def __init__(
        self,
        meta_keys: Sequence[str] = _META_KEYS,
        with_annotations: bool = True,
        pack_transformed: bool = False,
    ):
        annotations = ('raw_ann_info',) if with_annotations else ()
        super().__init__((*meta_keys, *annotations), pack_transformed)

    def transform(self, results: dict) -> dict:
        images = results['img']
        if isinstance(images, np.ndarray):
            return super().transform(dict(results, img=_by_rows(images)))
        packed = super().transform(dict(results, img=images[0]))
        packed['inputs'] = [
            torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))) for image in images
        ]
        return packed


def _by_rows(image: np.ndarray) -> np.ndarray:
    """The image in memory by rows; for one that is mirrored NumPy takes a millisecond."""
    return cv2.flip(image[:, ::-1], 1) if image.strides[1] < 0 else image
