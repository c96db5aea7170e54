"""Pack samples."""

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
    """MMPose's packing that also supports samples with one image per scale.

    The images of such a sample become a list of tensors. MMPose's own class stacks them, which
    fails if their sizes differ.

    Args:
        meta_keys: Keys that become the sample's meta information if they are present.
        with_annotations: Whether the meta information includes the original annotations
            (``raw_ann_info``), which some metrics need. They are slow to copy, so leave them out of
            training.
        kwargs: Further arguments of MMPose's :class:`PackPoseInputs`.
    """

    def __init__(
        self, meta_keys: Sequence[str] = _META_KEYS, with_annotations: bool = True, **kwargs
    ):
        annotations = ('raw_ann_info',) if with_annotations else ()
        super().__init__(meta_keys=(*meta_keys, *annotations), **kwargs)

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
    """Return the image in row order; OpenCV mirrors faster than NumPy, which takes 1 ms."""
    return cv2.flip(image[:, ::-1], 1) if image.strides[1] < 0 else image
