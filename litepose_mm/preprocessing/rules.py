"""Rules that turn an image of any size into the input of a network, stored in cards by their kind.

A transform of a test pipeline that resizes images states its rule as ``resize_rule``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ..utils.tagged import AboveZero, Positive, Tagged
from .resize import Resized, aligned_size, resize_align, resize_box, resize_pad, resize_to_shape


class ResizeRule(Tagged, frozen=True, kw_only=True):
    """How images become inputs. Subclasses have a ``tag`` and plain values as fields.

    Attributes:
        divisor: Both sides of an input are multiples of it.
    """

    field = 'resize'
    #: Whether each person's box becomes an input of its own, of one shape for all.
    takes_boxes: ClassVar[bool] = False

    divisor: Positive = 1

    @property
    def short_side(self) -> int:
        """Short side of the inputs in pixels, unless their shape is fixed."""
        raise NotImplementedError

    def resize(
        self,
        image: np.ndarray,
        shape_hw: tuple[int, int] | None = None,
        boxes: Sequence[np.ndarray] | None = None,
    ) -> list[Resized]:
        """Resizes an image, or crops of its people, to the input's size.

        Args:
            image: BGR ``(H, W, 3)`` uint8.
            shape_hw: Height and width of the input if the network accepts no others. The result
                is the same if the rule gives this shape by itself; otherwise, the image is scaled
                to fit, keeps its aspect ratio and is centred.
            boxes: If the rule takes boxes: left, top, right and bottom of people in pixels; None
                for one box, the whole image.

        Returns:
            One entry for the image, or one for each person, with the inverse mapping.
        """
        raise NotImplementedError


class ShortSide(ResizeRule, frozen=True, kw_only=True, tag='short_side'):
    """The rule of HigherHRNet and LitePose, see :func:`aligned_size`: a black border if any."""

    short_side: Positive
    divisor: Positive = 64

    def resize(
        self,
        image: np.ndarray,
        shape_hw: tuple[int, int] | None = None,
        boxes: Sequence[np.ndarray] | None = None,
    ) -> list[Resized]:
        rule = self.short_side, self.divisor
        if shape_hw is None:
            size_wh = image.shape[1], image.shape[0]
            return [resize_align(image, aligned_size(size_wh, *rule))]
        return [resize_to_shape(image, (shape_hw[1], shape_hw[0]), *rule)]


class FixedHeight(ResizeRule, frozen=True, kw_only=True, tag='fixed_height'):
    """The rule of Lightweight OpenPose's demo: one height for all images, and a grey border.

    The border is 0 after the normalisation ``(value - 128) / 256``. Inputs are at least as wide as
    high, with half of a narrow image's border on each side.

    Args:
        height: Height of the inputs in pixels, a multiple of ``divisor``.
    """

    height: Positive
    divisor: Positive = 8

    @property
    def short_side(self) -> int:
        return self.height

    def resize(
        self,
        image: np.ndarray,
        shape_hw: tuple[int, int] | None = None,
        boxes: Sequence[np.ndarray] | None = None,
    ) -> list[Resized]:
        scale = self.height / image.shape[0]
        width = max(round(image.shape[1] * scale), self.height)
        size_wh = -(-width // self.divisor) * self.divisor, self.height
        if shape_hw in (None, size_wh[::-1]):
            # Like the authors, people are also searched for in the border.
            return [resize_pad(image, scale, size_wh)._replace(box=None)]
        scale = min(own / side for own, side in zip(shape_hw, image.shape))
        return [resize_pad(image, scale, (shape_hw[1], shape_hw[0]))]


class PersonBox(ResizeRule, frozen=True, kw_only=True, tag='person_box'):
    """The rule of top-down networks, see :func:`resize_box`; it needs the input's shape.

    Args:
        padding: Factor by which a person's box is enlarged.
        udp: See :func:`resize_box`.
    """

    takes_boxes = True

    padding: AboveZero
    udp: bool = False

    def resize(
        self,
        image: np.ndarray,
        shape_hw: tuple[int, int] | None = None,
        boxes: Sequence[np.ndarray] | None = None,
    ) -> list[Resized]:
        if shape_hw is None:
            raise ValueError('expected the shape of the input, got None')
        size_wh = shape_hw[1], shape_hw[0]
        if boxes is None:
            boxes = [np.array([0, 0, image.shape[1], image.shape[0]], np.float32)]
        return [resize_box(image, box, size_wh, self.padding, self.udp) for box in boxes]
