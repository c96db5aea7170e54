"""The interface of decoders, which turn the outputs of a network's graph into people in numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np

from ..preprocessing.resize import Box
from ..utils.tagged import Positive, Tagged

__all__ = ['BROKEN_OUTPUTS', 'DecodedPeople', 'Decoder', 'Panel', 'Positive', 'Shape']

BROKEN_OUTPUTS = 'the network outputs infinite or undefined numbers; check its weights'

Shape = tuple[int | None, ...]


class DecodedPeople(NamedTuple):
    """The ``N`` people of one input, in the order in which the decoder created them.

    Attributes:
        keypoints: Positions in pixels of the input, float32, ``(N, K, 2)``; ``(0, 0)`` where
            missing.
        keypoint_scores: ``(N, K)``; 0 where missing.
        scores: One per person, ``(N,)``.
        tags: The numbers that tell people apart, ``(N, L)``; None if the network has none.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray
    tags: np.ndarray | None = None


class Panel(NamedTuple):
    """Maps of one input that a viewer may draw.

    Attributes:
        maps: ``(K, h, w)``.
        heatmaps: None if ``maps`` are themselves heatmaps with values from 0 to 1. Otherwise, the
            heatmaps ``(K, h', w')`` that show where the unbounded values of ``maps`` are
            meaningful.
    """

    maps: np.ndarray
    heatmaps: np.ndarray | None = None


class Decoder(Tagged, frozen=True, kw_only=True):
    """The contract between a network and everything that runs it.

    A head creates its decoder (``deploy_decoder``) and computes the outputs that the decoder names
    (``deploy_outputs``). The card of an exported model stores the decoder as plain values. A new
    kind of decoder is a subclass with a ``tag``; it is found once its module is imported::

        class PartAffinity(Decoder, frozen=True, kw_only=True, tag='part_affinity'):
            num_keypoints: int
            ...
    """

    field = 'decoder'
    #: Names of the graph's outputs, in order.
    output_names: ClassVar[tuple[str, ...]]
    #: How many of the first outputs can be compared value by value with another runtime's; None
    #: means all. The others may differ by more than rounding, for example positions that are
    #: sorted by nearly equal values.
    num_comparable: ClassVar[int | None] = None
    #: Names of the panels that a viewer may draw, see :meth:`panels`.
    panel_names: ClassVar[tuple[str, ...]] = ()
    #: Whether the graph itself does part of the decoding, with operators such as ``TopK``.
    works_in_graph: ClassVar[bool] = False

    @property
    def comparable_names(self) -> tuple[str, ...]:
        """The outputs that can be compared value by value."""
        return self.output_names[: self.num_comparable]

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        """Returns the shapes of the outputs; ``None`` stands for a side of any length.

        Args:
            batch: Number of inputs.
            shape_hw: Height and width of the inputs in pixels.
        """
        raise NotImplementedError

    def decode(
        self,
        outputs: Sequence[np.ndarray],
        shape_hw: tuple[int, int],
        boxes: Sequence[Box | None],
    ) -> list[DecodedPeople]:
        """Finds the people of each input of a batch.

        Args:
            outputs: Float32 arrays in the order of :attr:`output_names`.
            shape_hw: Height and width of the inputs in pixels.
            boxes: The part of each input that its image covers; see
                :class:`litepose_mm.preprocessing.resize.Resized`.

        Returns:
            The people of each input, with positions in its pixels.

        Raises:
            LitePoseError: The outputs have the wrong shapes, or are not finite.
        """
        raise NotImplementedError

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        """Returns named maps of a batch's first input for viewers to draw; none by default."""
        return {}
