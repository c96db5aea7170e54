"""What every way from pictures to people has in common: checks, batches and clear errors.

Needs numpy and OpenCV only: :mod:`litepose_mm.apis` and :mod:`litepose_mm.runtime` share it.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np

from .errors import LitePoseError
from .media import read_image
from .resize import Resized
from .structures import PoseResult, Skeleton

Picture = str | os.PathLike | np.ndarray

_BYTES = (bytes, bytearray, memoryview)

# The short side of every picture becomes the network's input size, so a strip of a picture would
# become a huge input.
_MAX_ASPECT_RATIO = 20

# How torch and the engines say it in an error which they also raise for everything else.
_OUT_OF_MEMORY = (
    'out of memory',
    'not enough memory',
    "can't allocate memory",
    'failed to allocate memory',
    'bad_alloc',
    'bad allocation',
)


class PictureEstimator(ABC):
    """Finds people on pictures; a subclass knows the network. Threads may share it.

    Args:
        skeleton: The keypoints it finds.
        batch_size: How many pictures of a list go through the network at once.
    """

    def __init__(self, skeleton: Skeleton, batch_size: int) -> None:
        self.skeleton = skeleton
        self.batch_size = batch_size

    @property
    def input_size(self) -> int | None:
        """Short side of the network's input, in pixels; None where it is not known."""
        return None

    @property
    def weights_file(self) -> Path | None:
        """The file that determines the weights; None where they are random."""
        return None

    @overload
    def __call__(self, pictures: Picture) -> PoseResult: ...

    @overload
    def __call__(self, pictures: Sequence[Picture]) -> list[PoseResult]: ...

    def __call__(self, pictures):
        """Finds the people on one picture, or on each of a list.

        Pictures of a list go through the network together only where their inputs have the same
        size, so nothing is padded and results do not depend on what else is in the list.

        Args:
            pictures: Path of a picture, or BGR (H, W, 3) uint8; or a list of these.

        Returns:
            The people; for a list, a list of results in its order.

        Raises:
            LitePoseError: A picture cannot be read, is not BGR uint8, is longer than 20 times its
                other side, or takes more memory than there is; or it is something else.
        """
        if _is_list(pictures):
            return self._predict(list(pictures))
        return self._predict([pictures])[0]

    def _predict(self, pictures: Sequence[Picture]) -> list[PoseResult]:
        results: list[PoseResult | None] = [None] * len(pictures)
        waiting: dict[Hashable, list[tuple[int, Any]]] = {}  # inputs of one size, not yet a batch

        def finish(batch: list[tuple[int, Any]]) -> None:
            indices, inputs = zip(*batch)
            sources = [_source(pictures[index]) for index in indices]
            found = self._finish(inputs, self._infer(inputs), sources)
            for index, result in zip(indices, found, strict=True):
                results[index] = result
            batch.clear()

        for index, picture in enumerate(pictures):
            prepared = self.prepare(picture)
            batch = waiting.setdefault(self._input_shape(prepared), [])
            batch.append((index, prepared))
            if len(batch) == self.batch_size:
                finish(batch)
        for batch in waiting.values():
            if batch:
                finish(batch)
        return results

    def prepare(self, picture: Picture) -> Any:
        """The first of three steps of one picture, for callers that overlap them.

        Args:
            picture: Path of a picture, or BGR (H, W, 3) uint8.

        Returns:
            What :meth:`infer` takes.

        Raises:
            LitePoseError: As when called.
        """
        image = checked_image(picture)
        with one_line_errors(f'a picture of {image.shape[1]}x{image.shape[0]}'):
            return self._prepare(np.ascontiguousarray(image))  # of a view such as rgb[..., ::-1]

    def infer(self, prepared: Any) -> Any:
        """The second step: the network. Returns what :meth:`finish` takes."""
        return self._infer([prepared])

    def finish(self, prepared: Any, outputs: Any, source: str | None = None) -> PoseResult:
        """The third step: the people.

        Args:
            prepared: Of :meth:`prepare`.
            outputs: Of :meth:`infer`.
            source: Where the picture came from.
        """
        return self._finish([prepared], outputs, [source])[0]

    def maps(self, prepared: Any, outputs: Any) -> tuple[Resized, np.ndarray, np.ndarray] | None:
        """What the network saw and gave, for drawings.

        Args:
            prepared: Of :meth:`prepare`.
            outputs: Of :meth:`infer`.

        Returns:
            The input as a picture, heatmaps (K, h, w) and tags (L * K, h', w') on it; None where
            the outputs are no maps.
        """
        return None

    @abstractmethod
    def _prepare(self, image: np.ndarray) -> Any:
        """The network's input for a picture, BGR (H, W, 3) uint8."""

    @abstractmethod
    def _input_shape(self, prepared: Any) -> Hashable:
        """What inputs that go through the network together have in common."""

    @abstractmethod
    def _infer(self, inputs: Sequence[Any]) -> Any:
        """What the network gives for some inputs of one shape."""

    @abstractmethod
    def _finish(
        self, inputs: Sequence[Any], outputs: Any, sources: Sequence[str | None]
    ) -> list[PoseResult]:
        """The people of each input, whose pictures came from ``sources``."""


def check_positive(name: str, value: int) -> int:
    """Returns a positive whole number.

    Raises:
        LitePoseError: It is something else.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise LitePoseError(f'{name}: expected a positive integer, got {value!r}')
    return value


def checked_image(picture: Picture) -> np.ndarray:
    """Returns a picture as BGR (H, W, 3) uint8; reads it where it is a path.

    Raises:
        LitePoseError: It is neither a path nor an array, cannot be read, is not BGR uint8, or is
            longer than 20 times its other side.
    """
    if isinstance(picture, np.ndarray):
        image = picture
    elif isinstance(picture, (str, os.PathLike)):
        image = read_image(os.fsdecode(picture))
    else:
        raise LitePoseError(
            'expected an image as a path or a BGR (H, W, 3) uint8 array, or a list of these, got '
            f'{type(picture).__name__}; {_remedy(picture)}'
        )
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
        raise LitePoseError(
            f'expected a picture as BGR (H, W, 3) uint8, got {image.dtype} {image.shape}; '
            'convert it, e.g. with cv2.cvtColor'
        )
    short, long = sorted(image.shape[:2])
    if long > _MAX_ASPECT_RATIO * short:
        raise LitePoseError(
            f'expected a picture no longer than {_MAX_ASPECT_RATIO} times its other side, got '
            f'{image.shape[1]}x{image.shape[0]}; cut it into pieces'
        )
    return image


def _is_list(pictures: object) -> bool:
    """Whether it is a list of images, rather than one, or something else to iterate over."""
    return (
        isinstance(pictures, Iterable)
        and not isinstance(pictures, (str, np.ndarray, Mapping, *_BYTES))
        and getattr(pictures, 'ndim', 1) == 1  # a tensor
        and not hasattr(pictures, 'read')  # an open file
    )


def _remedy(thing: object) -> str:
    """What to do with something that is neither a path nor an array."""
    if thing is None:
        return 'cv2.imread returns None for a file that it cannot read'
    if isinstance(thing, _BYTES):
        return "decode it: litepose_mm.media.decode_image(data, 'its name')"
    if hasattr(thing, 'read'):
        return 'pass the path of the file'
    if hasattr(thing, '__array_interface__'):
        return "convert a PIL image: numpy.asarray(image.convert('RGB'))[..., ::-1]"
    if hasattr(thing, '__array__'):
        return 'convert a tensor (3, H, W): numpy.asarray(tensor).transpose(1, 2, 0)'
    return 'pass what cv2.imread returns'


def inputs_text(count: int, width: int, height: int) -> str:
    """Names a batch in a message."""
    return f'{count} input{"s" if count > 1 else ""} of {width}x{height}'


def _source(picture: Picture) -> str | None:
    return None if isinstance(picture, np.ndarray) else os.fsdecode(picture)


@contextmanager
def one_line_errors(what: str) -> Iterator[None]:
    """Turns lack of memory, what OpenCV refuses, and CUDA in a fork, into a LitePoseError."""
    try:
        yield
    except LitePoseError:
        raise
    except Exception as error:
        text = str(error).lower()
        no_memory = (
            isinstance(error, MemoryError) or getattr(error, 'code', 0) == cv2.Error.StsNoMem
        )
        if no_memory or any(message in text for message in _OUT_OF_MEMORY):
            raise LitePoseError(
                f'there is not enough memory for {what}; take a smaller input size or batch size'
            ) from error
        if 'in forked subprocess' in text:
            raise LitePoseError(
                'CUDA cannot be used in a forked process: start processes with '
                "multiprocessing.get_context('spawn')"
            ) from error
        if isinstance(error, cv2.error):
            raise LitePoseError(f'OpenCV cannot work on {what}: {error.err}') from error
        raise
