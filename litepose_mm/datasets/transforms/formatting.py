"""Packing of samples."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import TRANSFORMS


@TRANSFORMS.register_module()
class PackMultiScaleInputs(PackPoseInputs):
    """MMPose's packing, and a list of tensors where the sample has an image for each scale.

    MMPose's own stacks the images of a list, which fails as soon as their sizes differ.
    """

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
