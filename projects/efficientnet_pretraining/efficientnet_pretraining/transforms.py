"""The paper's augmentation of images for classification."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from mmcv.transforms import BaseTransform
from mmengine.registry import TRANSFORMS


@TRANSFORMS.register_module()
class RandomAffineCrop(BaseTransform):
    """Crop a part of random area, aspect ratio and rotation, and resize it to a square.

    Args:
        size: Side of the square in pixels.
        area: Smallest and largest fraction of the image's area.
        aspect: Largest aspect ratio; the smallest is its reciprocal.
        rotation: Largest rotation in degrees, in both directions.
    """

    def __init__(
        self,
        size: int,
        area: tuple[float, float] = (0.25, 1.0),
        aspect: float = 4 / 3,
        rotation: float = 15.0,
    ):
        self.size, self.area, self.aspect, self.rotation = size, area, aspect, rotation

    def transform(self, results: dict) -> dict:
        image = results['img']
        height, width = image.shape[:2]
        area = np.random.uniform(*self.area) * height * width
        ratio = np.exp(np.random.uniform(-1, 1) * np.log(self.aspect))
        crop = np.minimum([np.sqrt(area * ratio), np.sqrt(area / ratio)], [width, height])
        centre = crop / 2 + np.random.uniform(size=2) * ([width, height] - crop)
        angle = np.deg2rad(np.random.uniform(-self.rotation, self.rotation))
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        to_image = turn * crop / self.size
        matrix = np.column_stack([to_image, centre - to_image @ [self.size / 2, self.size / 2]])
        results['img'] = cv2.warpAffine(
            image,
            matrix,
            (self.size, self.size),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REFLECT_101,
        )
        results['img_shape'] = results['img'].shape[:2]
        return results


@TRANSFORMS.register_module()
class PackClassInputs(BaseTransform):
    """Keep ``inputs``, a tensor ``(3, H, W)``, and the index of the class as ``labels``."""

    def transform(self, results: dict) -> dict:
        image = np.ascontiguousarray(results['img'].transpose(2, 0, 1), dtype=np.float32)
        return dict(inputs=torch.from_numpy(image), labels=results['gt_label'])
