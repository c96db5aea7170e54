"""A transform that resizes images for a model with one input shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmcv.transforms import BaseTransform
from mmpose.registry import TRANSFORMS

from ...datasets.transforms import BottomupResizeAlign
from ...errors import LitePoseError
from ...preprocessing.resize import resize_to_shape


@TRANSFORMS.register_module()
class BottomupResizeWithin(BaseTransform):
    """Resizes every image to fit one size, centred on a black background.

    Keys are those of :class:`BottomupResizeAlign`, and ``input_box``, see
    :class:`litepose_mm.preprocessing.resize.Resized`.

    Args:
        size: Width and height.
        align: Options of :class:`BottomupResizeAlign`, whose result is used if it has this size.
    """

    def __init__(self, size: Sequence[int], **align):
        self.size = tuple(size)
        self.align = BottomupResizeAlign(**align)

    def transform(self, results: dict) -> dict:
        rule = self.align.short_side, self.align.size_factor
        resized = resize_to_shape(results['img'], self.size, *rule)
        return dict(
            results,
            img=resized.image,
            img_shape=self.size[::-1],
            input_size=self.size,
            input_center=resized.center,
            input_scale=np.array(self.size, dtype=np.float32) * resized.zoom,
            input_box=resized.box,
            aug_scales=None,
        )


def with_one_shape(pipeline: Sequence[dict], size: Sequence[int]) -> list[dict]:
    """Change a test pipeline so that all inputs have one ``size`` (width, height).

    Raises:
        LitePoseError: The pipeline does not use :class:`BottomupResizeAlign`, or ``size`` is no
            multiple of its ``size_factor``.
    """
    changed = [dict(step) for step in pipeline]
    found = False
    for step in changed:
        if step['type'] == 'BottomupResizeAlign':
            found = True
            _check_multiple(size, step)
            step.update(type='BottomupResizeWithin', size=tuple(size))
        elif 'meta_keys' in step:
            step['meta_keys'] = (*step['meta_keys'], 'input_box')
    if not found:
        raise LitePoseError(
            'expected BottomupResizeAlign in the test pipeline of the model config, for one input '
            f'shape, got {", ".join(str(step["type"]) for step in pipeline)}'
        )
    return changed


def _check_multiple(size: Sequence[int], step: dict) -> None:
    options = {key: value for key, value in step.items() if key != 'type'}
    divisor = BottomupResizeAlign(**options).size_factor
    if any(side % divisor for side in size):
        raise LitePoseError(
            'ir_config.input_shape: expected width and height that are multiples of '
            f'{divisor}, got {tuple(size)}'
        )
