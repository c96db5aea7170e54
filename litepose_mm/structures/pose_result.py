"""The people found on an image."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import LitePoseError
from .other_forms import from_coco, plain, to_coco, to_supervision
from .skeleton import Skeleton

if TYPE_CHECKING:
    from supervision import KeyPoints


class Person(NamedTuple):
    """One person of a :class:`PoseResult`.

    Attributes:
        keypoints: (K, 2) positions (x, y) in pixels of the original image.
        keypoint_scores: (K,) confidence of each keypoint.
        score: Confidence of the person.
        tag: (L,) associative embedding of the person, or None.
        id: Number of a tracked person, or None.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    score: float
    tag: np.ndarray | None
    id: int | None = None


@dataclass(frozen=True, eq=False)
class PoseResult:
    """The N people found on one image; N may be 0.

    Iteration and ``result[i]`` yield :class:`Person` values; a slice, a mask or a list of indices
    yields a :class:`PoseResult` with these people.

    Args:
        keypoints: (N, K, 2) finite positions (x, y) in pixels of the original image; a whole
            number is the centre of a pixel. Positions may lie outside the image. Estimators
            return (0, 0) for keypoints that they do not find.
        keypoint_scores: (N, K) confidence of each keypoint, about 0 to 1; 0 if it was not found.
        scores: (N,) confidence of each person, about 0 to 1.
        skeleton: The K keypoints.
        image_size: (width, height) of the original image in pixels.
        tags: (N, L) associative embedding of each person, or None.
        source: Where the image came from, usually a path, or None.
        ids: (N,) distinct whole numbers from 0 that identify tracked people (see
            :class:`litepose_mm.tracking.PoseTracker`), or None.

    Raises:
        LitePoseError: Shapes do not match or numbers are not finite.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray
    skeleton: Skeleton
    image_size: tuple[int, int]
    tags: np.ndarray | None = None
    source: str | None = None
    ids: np.ndarray | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.skeleton, Skeleton):
            raise _error('skeleton', 'a Skeleton', type(self.skeleton).__name__)
        set_field = object.__setattr__  # the way to normalise a frozen value
        scores = _array('scores', self.scores, (-1,))
        count, shape = len(scores), (len(scores), self.skeleton.num_keypoints)
        set_field(self, 'scores', scores)
        set_field(self, 'keypoints', _array('keypoints', self.keypoints, (*shape, 2)))
        set_field(self, 'keypoint_scores', _array('keypoint_scores', self.keypoint_scores, shape))
        if self.tags is not None:
            set_field(self, 'tags', _array('tags', self.tags, (count, -1)))
        set_field(self, 'image_size', _checked_size(self.image_size))
        if self.source is not None and not isinstance(self.source, str):
            raise _error('source', 'a string or None', repr(self.source))
        if self.ids is not None:
            set_field(self, 'ids', _checked_ids(self.ids, count))

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Person]:
        return (self[index] for index in range(len(self)))

    def __getitem__(self, index: Any) -> Any:
        """Returns a :class:`Person` for an integer, and a :class:`PoseResult` otherwise."""
        if isinstance(index, (int, np.integer)):
            return Person(
                self.keypoints[index],
                self.keypoint_scores[index],
                float(self.scores[index]),
                None if self.tags is None else self.tags[index],
                None if self.ids is None else int(self.ids[index]),
            )
        if isinstance(index, list) and not index:
            index = slice(0)  # numpy treats an empty list as floats
        return PoseResult(
            keypoints=self.keypoints[index],
            keypoint_scores=self.keypoint_scores[index],
            scores=self.scores[index],
            skeleton=self.skeleton,
            image_size=self.image_size,
            tags=None if self.tags is None else self.tags[index],
            source=self.source,
            ids=None if self.ids is None else self.ids[index],
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PoseResult):
            return NotImplemented
        return self is other or self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        width, height = self.image_size
        return (
            f'PoseResult({len(self)} people, {self.skeleton.num_keypoints} keypoints '
            f'({self.skeleton.name}), {width}x{height}, source={self.source!r})'
        )

    @property
    def bboxes(self) -> np.ndarray:
        """(N, 4) boxes (left, top, right, bottom) around each person's keypoints that were found.

        If none of a person's keypoints was found, all of them count.
        """
        counts = self.found()
        counts |= ~counts.any(axis=1, keepdims=True)
        low = np.where(counts[..., None], self.keypoints, np.inf).min(axis=1)
        high = np.where(counts[..., None], self.keypoints, -np.inf).max(axis=1)
        return np.concatenate([low, high], axis=1)

    def found(self, min_score: float = 0.0) -> np.ndarray:
        """Returns a mask (N, K) of keypoints whose score is positive and at least ``min_score``."""
        return (self.keypoint_scores > 0) & (self.keypoint_scores >= min_score)

    def filter(self, min_score: float) -> PoseResult:
        """Returns the people whose score is at least ``min_score``, in the same order."""
        return self[self.scores >= min_score]

    def to_dict(self) -> dict[str, Any]:
        """Returns everything as JSON-compatible values; see :meth:`from_dict`."""
        return {
            'image_size': list(self.image_size),
            'source': self.source,
            'scores': plain(self.scores),
            'keypoints': plain(self.keypoints),
            'keypoint_scores': plain(self.keypoint_scores),
            'tags': None if self.tags is None else plain(self.tags),
            'ids': None if self.ids is None else self.ids.tolist(),
            'skeleton': self.skeleton.to_dict(),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> PoseResult:
        """Creates a result that equals the one on which :meth:`to_dict` was called.

        Raises:
            LitePoseError: A field is missing, unknown or invalid.
        """
        try:
            fields = dict(document)
            skeleton = Skeleton.from_dict(fields.pop('skeleton'))
            if len(fields['scores']) == 0:  # empty lists have lost the other dimensions
                fields['keypoints'] = np.zeros((0, skeleton.num_keypoints, 2))
                fields['keypoint_scores'] = np.zeros((0, skeleton.num_keypoints))
                if fields.get('tags') is not None:
                    fields['tags'] = np.zeros((0, 1))
            return cls(skeleton=skeleton, **fields)
        except (KeyError, TypeError) as error:
            raise LitePoseError(
                f'expected the result of PoseResult.to_dict, got something else: {error}'
            ) from error

    def to_coco(
        self, image_id: int, category_id: int = 1, with_bbox: bool = False
    ) -> list[dict[str, Any]]:
        """Returns the people in the format of COCO's keypoint results, one dictionary per person.

        Args:
            image_id: The image's number in the data set.
            category_id: The category's number; a person is 1 in COCO.
            with_bbox: Whether to add ``bbox`` (left, top, width, height) around the keypoints.

        Returns:
            Dictionaries with ``image_id``, ``category_id``, ``keypoints`` (3K numbers x, y, score)
            and ``score``, and with ``track_id`` if people have ids.
        """
        return to_coco(self, image_id, category_id, with_bbox)

    @classmethod
    def from_coco(
        cls,
        annotations: Sequence[Mapping[str, Any]],
        skeleton: Skeleton,
        image_size: tuple[int, int],
        source: str | None = None,
    ) -> PoseResult:
        """Creates the result of one image from people in COCO's format.

        The output of :meth:`to_coco` yields the same people again, without their tags. Annotated
        people, who have no ``score``, get the score 1, as do their labelled keypoints; other
        keypoints get 0.

        Args:
            annotations: The people of one image, with ``keypoints`` (3K numbers: x, y, and score
                or visibility) and, optionally, ``score`` and ``track_id``.
            skeleton: The K keypoints.
            image_size: (width, height) of the image in pixels.
            source: Path of the image.

        Raises:
            LitePoseError: The people belong to several images, or have another format.
        """
        return cls(
            **from_coco(annotations, skeleton.num_keypoints),
            skeleton=skeleton,
            image_size=image_size,
            source=source,
        )

    def to_supervision(self) -> KeyPoints:
        """Returns the people as ``supervision.KeyPoints``, for its annotators and trackers.

        Keypoints that were not found are not ``visible``; ids are ``data['tracker_id']``. The
        skeleton's lines are ``EdgeAnnotator(edges=[(a + 1, b + 1) for a, b in skeleton.links])``.

        Raises:
            LitePoseError: supervision is not installed, or older than 0.29.
        """
        return to_supervision(self)

    def draw(self, image: np.ndarray | None = None, **options: Any) -> np.ndarray:
        """Draws the people on a copy of the image.

        Args:
            image: uint8 image of ``image_size``: BGR (H, W, 3), BGRA or gray. By default, it is
                read again from ``source``.
            options: See :func:`litepose_mm.visualization.draw_skeletons`.

        Returns:
            The drawing, BGR (H, W, 3) uint8.

        Raises:
            LitePoseError: There is no image to draw on, or its size is wrong.
        """
        from ..media import read_image
        from ..visualization import draw_skeletons

        if image is None:
            if self.source is None:
                raise LitePoseError(
                    'expected an image to draw on, but this result has no source to read it from; '
                    'pass it: result.draw(image)'
                )
            image = read_image(self.source)
        return draw_skeletons(image, self, **options)

    def _repr_png_(self) -> bytes:
        """Returns the drawing that notebooks show, on gray if the source cannot be read."""
        from ..visualization import notebook_png

        return notebook_png(self)


def _error(field: str, expected: str, got: str) -> LitePoseError:
    return LitePoseError(f'pose result: {field}: expected {expected}, got {got}')


def _array(field: str, values: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Returns a float32 copy whose shape has been checked; -1 stands for any size."""
    try:
        array = np.array(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise _error(field, 'an array of numbers', type(values).__name__) from error
    fits = len(array.shape) == len(shape) and all(
        wanted in (-1, size) for wanted, size in zip(shape, array.shape, strict=True)
    )
    if not fits:
        expected = str(shape).replace('-1', 'any')
        raise _error(field, f'the shape {expected}', str(array.shape))
    if not np.isfinite(array).all():
        raise _error(field, 'finite numbers', 'NaN or infinity; check the weights')
    array.flags.writeable = False
    return array


def _checked_ids(values: Any, count: int) -> np.ndarray:
    ids = np.array(values)
    if not ids.size:
        ids = ids.astype(np.int64)
    good = ids.shape == (count,) and np.issubdtype(ids.dtype, np.integer)
    if not good or len(set(ids.tolist())) < count or (ids < 0).any():
        raise _error('ids', f'{count} distinct whole numbers from 0', repr(values))
    ids = ids.astype(np.int64)
    ids.flags.writeable = False
    return ids


def _checked_size(size: Any) -> tuple[int, int]:
    try:
        width, height = size
        if int(width) == width >= 1 and int(height) == height >= 1:
            return int(width), int(height)
    except (TypeError, ValueError, OverflowError):
        pass
    raise _error('image_size', 'positive whole numbers (width, height)', repr(size))
