"""Resizing for tests by the rules that also serve exported models."""

from __future__ import annotations

import numpy as np
from mmcv.transforms import BaseTransform

from ...preprocessing.resize import Resized
from ...preprocessing.rules import ResizeRule


class RuleResize(BaseTransform):
    """Resizes images by a rule. MMPose's estimators map positions back by the added keys.

    Required keys: ``img``. Modified: ``img``, ``img_shape``. Added: ``input_size``,
    ``input_center``, ``input_scale``, ``input_box`` (see
    :class:`litepose_mm.preprocessing.resize.Resized`), ``aug_scales``.

    Args:
        rule: The rule, from which the cards of exported models learn how to resize images.
        shape_hw: Height and width of all inputs if the network accepts no others.
    """

    def __init__(self, rule: ResizeRule, shape_hw: tuple[int, int] | None = None):
        super().__init__()
        self.resize_rule = rule
        self.shape_hw = shape_hw

    def transform(self, results: dict) -> dict:
        (resized,) = self.resize_rule.resize(results['img'], self.shape_hw)
        return {**results, 'img': resized.image, 'aug_scales': None, **input_keys(resized)}

    def __repr__(self) -> str:
        return f'{type(self).__name__}({self.resize_rule}, shape_hw={self.shape_hw})'


def input_keys(resized: Resized) -> dict:
    """Returns what MMPose's estimators need to map positions back to the original image."""
    size = resized.image.shape[1::-1]
    return dict(
        img_shape=size[::-1],
        input_size=size,
        input_center=resized.center,
        input_scale=np.array(size, dtype=np.float32) * resized.zoom,
        input_box=resized.box,
    )
