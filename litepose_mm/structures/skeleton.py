"""Skeletons: keypoints with their links, mirror partners, tolerances and colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import LitePoseError

_DEFAULT_KEYPOINT_COLOR = (255, 128, 0)
_DEFAULT_LINK_COLOR = (96, 96, 255)


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The keypoints of a data set and their relations.

    The number of keypoints is arbitrary. Sequences are converted to tuples and read-only arrays;
    two skeletons are equal if all of their fields are.

    Args:
        name: Name of the data set, e.g. ``'crowdpose'``.
        keypoint_names: K distinct names, in the order of the network's output.
        links: Pairs of keypoint indices that drawings connect by a line; may be empty.
        flip_indices: K indices; entry ``i`` is the index of keypoint ``i`` in a mirrored image.
        sigmas: Positive tolerances (K,) of object keypoint similarity, as a fraction of a person's
            size; None, or empty as in many of MMPose's data sets, if there are none. Code that
            needs them calls :meth:`oks_sigmas`.
        keypoint_colors: RGB (K, 3), 0-255; orange by default.
        link_colors: RGB (number of links, 3), 0-255; light blue by default.

    Raises:
        LitePoseError: The fields contradict each other; the message names the first of them.
    """

    name: str
    keypoint_names: tuple[str, ...]
    links: tuple[tuple[int, int], ...]
    flip_indices: tuple[int, ...]
    sigmas: np.ndarray | None = None
    keypoint_colors: np.ndarray = None  # type: ignore[assignment]  # __post_init__ replaces None
    link_colors: np.ndarray = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        set_field = object.__setattr__  # the way to normalise a frozen value
        set_field(self, 'keypoint_names', self._checked_names())
        set_field(self, 'links', self._checked_links())
        set_field(self, 'flip_indices', self._checked_flip_indices())
        set_field(self, 'sigmas', self._checked_sigmas())
        for field, count, default in (
            ('keypoint_colors', self.num_keypoints, _DEFAULT_KEYPOINT_COLOR),
            ('link_colors', len(self.links), _DEFAULT_LINK_COLOR),
        ):
            set_field(self, field, self._checked_colors(field, count, default))

    @property
    def num_keypoints(self) -> int:
        """Number of keypoints K."""
        return len(self.keypoint_names)

    @classmethod
    def from_metainfo(cls, metainfo: Mapping[str, Any]) -> Skeleton:
        """Creates a skeleton from the parsed meta information of an MMPose data set.

        Args:
            metainfo: The result of MMPose's ``parse_pose_metainfo``, e.g. ``model.dataset_meta``.

        Raises:
            LitePoseError: A field is missing or invalid.
        """
        try:
            id_to_name = metainfo['keypoint_id2name']
            fields: dict[str, Any] = dict(
                name=metainfo['dataset_name'],
                keypoint_names=tuple(id_to_name[i] for i in range(len(id_to_name))),
                links=metainfo['skeleton_links'],
                flip_indices=metainfo['flip_indices'],
                sigmas=metainfo['sigmas'],
                keypoint_colors=metainfo.get('keypoint_colors'),
                link_colors=metainfo.get('skeleton_link_colors'),
            )
            return cls(**fields)
        except (KeyError, AttributeError, TypeError) as error:
            raise LitePoseError(
                f'expected the parsed meta information of an MMPose data set, but {error} is '
                'missing or has the wrong type; pass the result of parse_pose_metainfo'
            ) from error

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> Skeleton:
        """Creates a skeleton from the values that :meth:`to_dict` returned.

        Raises:
            LitePoseError: A field is missing, unknown or invalid.
        """
        try:
            return cls(**document)
        except TypeError as error:
            raise LitePoseError(
                f'expected the result of Skeleton.to_dict, got something else: {error}'
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Returns the skeleton as JSON-compatible values."""
        return {
            'name': self.name,
            'keypoint_names': list(self.keypoint_names),
            'links': [list(link) for link in self.links],
            'flip_indices': list(self.flip_indices),
            # as 0.026 instead of 0.02600000053
            'sigmas': None if self.sigmas is None else [float(str(each)) for each in self.sigmas],
            'keypoint_colors': self.keypoint_colors.tolist(),
            'link_colors': self.link_colors.tolist(),
        }

    def oks_sigmas(self, purpose: str) -> np.ndarray:
        """Returns the sigmas (K,) to compare people by object keypoint similarity.

        Args:
            purpose: What the sigmas are needed for, for the error message.

        Raises:
            LitePoseError: The skeleton has no sigmas.
        """
        if self.sigmas is None:
            raise self._error(
                f'{purpose} compares people by object keypoint similarity, which needs sigmas, but '
                'there are none; add one for each keypoint to the metainfo, e.g. '
                f'sigmas=[0.05] * {self.num_keypoints} for the same tolerance everywhere'
            )
        return self.sigmas

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Skeleton):
            return NotImplemented
        return self is other or self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.name, self.keypoint_names, self.links))

    def _error(self, problem: str) -> LitePoseError:
        return LitePoseError(f'skeleton {self.name!r}: {problem}')

    def _checked_names(self) -> tuple[str, ...]:
        if not isinstance(self.name, str):
            raise LitePoseError(f'skeleton: expected a string as the name, got {self.name!r}')
        if isinstance(self.keypoint_names, str):
            raise self._error('keypoint_names: expected a list of names, got a string')
        names = tuple(self.keypoint_names)
        if not names or not all(isinstance(name, str) and name for name in names):
            raise self._error(f'keypoint_names: expected one or more strings, got {names!r}')
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise self._error(
                f'keypoint_names: expected distinct names, got {repeated[0]!r} more than once'
            )
        return names

    def _checked_links(self) -> tuple[tuple[int, int], ...]:
        links = []
        for given in self.links:
            link = self._indices('links', given)
            if len(link) != 2 or link[0] == link[1]:
                raise self._error(f'links: expected pairs of two different keypoints, got {link}')
            links.append((link[0], link[1]))
        return tuple(links)

    def _checked_flip_indices(self) -> tuple[int, ...]:
        flip = self._indices('flip_indices', self.flip_indices)
        if len(flip) != self.num_keypoints:
            raise self._error(
                f'flip_indices: expected {self.num_keypoints}, one per keypoint, got {len(flip)}'
            )
        for index, partner in enumerate(flip):
            if flip[partner] != index:
                raise self._error(
                    'flip_indices: expected that flipping twice changes nothing, got '
                    f'{index} -> {partner} -> {flip[partner]}'
                )
        return flip

    def _checked_sigmas(self) -> np.ndarray | None:
        if self.sigmas is None:
            return None
        sigmas = self._array('sigmas', self.sigmas, np.float32)
        if not sigmas.size:
            return None
        if sigmas.shape != (self.num_keypoints,):
            raise self._error(
                f'sigmas: expected {self.num_keypoints} numbers, one per keypoint, got the shape '
                f'{sigmas.shape}'
            )
        if not (np.isfinite(sigmas) & (sigmas > 0)).all():
            raise self._error(f'sigmas: expected positive numbers, got {sigmas.min()}')
        return sigmas

    def _checked_colors(self, field: str, count: int, default: tuple[int, int, int]) -> np.ndarray:
        given = getattr(self, field)
        if given is None:
            given = [default] * count
        colors = self._array(field, given, np.float64)
        if count == 0 and colors.size == 0:
            colors = colors.reshape(0, 3)
        if colors.shape != (count, 3):
            raise self._error(f'{field}: expected the shape ({count}, 3), got {colors.shape}')
        as_bytes = colors.clip(0, 255).astype(np.uint8)
        if (as_bytes != colors).any():
            raise self._error(f'{field}: expected whole numbers from 0 to 255')
        as_bytes.flags.writeable = False
        return as_bytes

    def _indices(self, field: str, values: Any) -> tuple[int, ...]:
        count = len(self.keypoint_names)
        try:
            indices = tuple(values)
        except TypeError as error:
            raise self._error(f'{field}: expected keypoint indices, got {values!r}') from error
        for index in indices:
            is_index = isinstance(index, (int, np.integer)) and not isinstance(index, bool)
            if not is_index or not 0 <= index < count:
                raise self._error(
                    f'{field}: expected keypoint indices from 0 to {count - 1}, got {index!r}'
                )
        return tuple(int(index) for index in indices)

    def _array(self, field: str, values: Any, dtype: type) -> np.ndarray:
        try:
            array: np.ndarray = np.array(values, dtype=dtype)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._error(f'{field}: expected numbers, got {values!r}') from error
        array.flags.writeable = False
        return array
