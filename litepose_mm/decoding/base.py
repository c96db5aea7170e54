"""What a decoder promises: from the outputs of a network's graph to people, in numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, NamedTuple

import msgspec
import numpy as np

from ..errors import LitePoseError
from ..preprocessing.resize import Box
from ..utils.plugins import subclasses

BROKEN_OUTPUTS = 'the network gives infinite or undefined numbers; are the weights sound?'

Shape = tuple[int | None, ...]

#: No number of a card is beyond it: it would take more memory than there is.
LARGEST = 1 << 16
Positive = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]


class DecodedPeople(NamedTuple):
    """The ``N`` people of one input, in the order in which the decoder created them.

    Attributes:
        keypoints: Positions in pixels of the input, float32, ``(N, K, 2)``; ``(0, 0)`` where
            missing.
        keypoint_scores: ``(N, K)``; 0 where missing.
        scores: One for each person, ``(N,)``.
        tags: What tells people apart, ``(N, L)``; None where a network gives no such numbers.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray
    tags: np.ndarray | None = None


class Panel(NamedTuple):
    """Maps of one input that a viewer may draw.

    Attributes:
        maps: ``(K, h, w)``.
        heatmaps: None where ``maps`` are heatmaps themselves, 0 to 1. Else the heatmaps
            ``(K, h', w')`` that say where the values in ``maps``, which may be any, mean something.
    """

    maps: np.ndarray
    heatmaps: np.ndarray | None = None


class Decoder(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field='kind'
):
    """The contract between a network and everything that runs it.

    A head makes its decoder (``deploy_decoder``) and gives the outputs that the decoder names
    (``deploy_outputs``); the card of an exported model carries the decoder as plain values. A new
    kind is a subclass with a ``tag``, found once its module is imported::

        class PartAffinity(Decoder, frozen=True, kw_only=True, tag='part_affinity'):
            num_keypoints: int
            ...
    """

    #: Names of the graph's outputs, in order.
    output_names: ClassVar[tuple[str, ...]]
    #: How many of the first outputs can be compared value by value with another runtime's. Others
    #: may differ by more than rounding, such as positions in the order of values that are close.
    num_comparable: ClassVar[int | None] = None
    #: Names of what a viewer may draw, see :meth:`panels`.
    panel_names: ClassVar[tuple[str, ...]] = ()
    #: Whether the graph itself does a part of the decoding, with operators such as ``TopK``.
    works_in_graph: ClassVar[bool] = False

    @classmethod
    def kind(cls) -> str:
        """What cards call it."""
        return cls.__struct_config__.tag

    @property
    def comparable_names(self) -> tuple[str, ...]:
        """The outputs that can be compared value by value."""
        return self.output_names[: self.num_comparable]

    def output_shapes(self, batch: int, shape_hw: tuple[int, int]) -> tuple[Shape, ...]:
        """Shapes of the outputs for a batch of inputs; ``None`` where a side may be any.

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
            boxes: The part of each input that counts; see
                :class:`litepose_mm.preprocessing.resize.Resized`.

        Returns:
            The people of each input, positions in its pixels.

        Raises:
            LitePoseError: The outputs do not fit, or are not finite.
        """
        raise NotImplementedError

    def panels(self, outputs: Sequence[np.ndarray]) -> dict[str, Panel]:
        """What a viewer may draw of the first input of a batch, by name; nothing by default."""
        return {}

    def to_dict(self) -> dict[str, Any]:
        """The decoder as plain values that JSON can hold; see :func:`decoder_from_dict`."""
        return msgspec.to_builtins(self)


def decoders() -> dict[str, type[Decoder]]:
    """Every kind of decoder whose module is imported, and those of plugins."""
    return {each.kind(): each for each in subclasses(Decoder)}


def decoder_from_dict(document: Any) -> Decoder:
    """Makes a decoder from what :meth:`Decoder.to_dict` returned.

    Raises:
        LitePoseError: Its kind is not known, or a value is missing, unknown or wrong.
    """
    kind = document.get('kind') if isinstance(document, Mapping) else None
    known = decoders()
    if not isinstance(kind, str) or kind not in known:
        raise LitePoseError(
            f'decoder: expected one of the kinds {", ".join(known)}, got {kind!r}; import the '
            'module that defines it, or update litepose_mm'
        )
    try:
        return msgspec.convert(document, known[kind])
    except msgspec.ValidationError as error:
        raise LitePoseError(f'decoder: {error}') from error
