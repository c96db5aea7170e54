"""The resizing of Lightweight OpenPose for tests, as a transform."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.registry import TRANSFORMS

from ...preprocessing.rules import FixedHeight
from .bottomup_resize import RuleResize


@TRANSFORMS.register_module()
class BottomupResizeHeight(RuleResize):
    """Resize images to one height and pad their width, see :class:`FixedHeight`.

    Keys are those of :class:`RuleResize`.

    Args:
        input_size: The height in pixels, or a pair whose smaller number is used.
        size_factor: The width becomes a multiple of this number.
    """

    def __init__(self, input_size: int | Sequence[int], size_factor: int = 8):
        super().__init__(FixedHeight(height=int(np.min(input_size)), divisor=size_factor))
