"""Which canonical keypoints a data set has, from the names in its metainfo."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import LitePoseError
from .anatomy import ALIASES, KEYPOINTS


def select_keypoints(names: Sequence[str]) -> np.ndarray:
    """Returns the index of each name among the canonical keypoints.

    Args:
        names: A data set's keypoints, named and ordered as in its MMPose metainfo.

    Raises:
        LitePoseError: A synthetic person has no such keypoint.
    """
    places = {name: index for index, name in enumerate(KEYPOINTS)}
    found = [places.get(ALIASES.get(name, name)) for name in names]
    if None in found:
        missing = ', '.join(name for name, place in zip(names, found) if place is None)
        raise LitePoseError(
            f'synthetic people have no keypoints named {missing}; they have {", ".join(KEYPOINTS)}'
        )
    return np.array(found, dtype=np.intp)
