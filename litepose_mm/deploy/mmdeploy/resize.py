"""A transform that resizes images for a model with one input shape."""

from __future__ import annotations

from collections.abc import Sequence

from mmpose.registry import TRANSFORMS

from ...datasets.transforms import RuleResize
from ...errors import LitePoseError


@TRANSFORMS.register_module()
class BottomupResizeWithin(RuleResize):
    """Resizes every image to fit one size, centred, with the border of another transform.

    Args:
        size: Width and height.
        resize: Config of the transform, whose rule is used.
    """

    def __init__(self, size: Sequence[int], resize: dict):
        width, height = size
        super().__init__(TRANSFORMS.build(resize).resize_rule, (height, width))


def with_one_shape(pipeline: Sequence[dict], size: Sequence[int]) -> list[dict]:
    """Change a test pipeline so that all inputs have one ``size`` (width, height).

    Raises:
        LitePoseError: The pipeline has no transform with a rule, or ``size`` is no multiple of
            the rule's divisor.
    """
    changed = []
    for step in pipeline:
        rule = getattr(TRANSFORMS.build(step), 'resize_rule', None)
        if rule is not None:
            _check_multiple(size, rule.divisor)
            step = dict(type='BottomupResizeWithin', size=tuple(size), resize=dict(step))
        elif 'meta_keys' in step:
            step = dict(step, meta_keys=(*step['meta_keys'], 'input_box'))
        changed.append(step)
    if not any(step['type'] == 'BottomupResizeWithin' for step in changed):
        raise LitePoseError(
            'expected a transform with a resize_rule, such as BottomupResizeAlign, in the test '
            'pipeline of the model config, for one input shape, got '
            f'{", ".join(str(step["type"]) for step in pipeline)}'
        )
    return changed


def _check_multiple(size: Sequence[int], divisor: int) -> None:
    if any(side % divisor for side in size):
        raise LitePoseError(
            'ir_config.input_shape: expected width and height that are multiples of '
            f'{divisor}, got {tuple(size)}'
        )
