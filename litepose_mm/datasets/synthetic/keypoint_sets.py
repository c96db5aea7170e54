"""The keypoints of synthetic people, and the selection that a data set has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...errors import LitePoseError

# The canonical keypoints, with MMPose's names; every data set's keypoints are a selection of these.
KEYPOINTS = (
    'nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear',
    'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist',
    'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle',
    'top_head', 'neck', 'pelvis',
    'left_big_toe', 'right_big_toe', 'left_heel', 'right_heel',
)  # fmt: skip

# Other names of these keypoints in MMPose's data sets.
ALIASES = {'head_top': 'top_head', 'head': 'top_head', 'thorax': 'neck', 'hip': 'pelvis'}


def select_keypoints(names: Sequence[str]) -> np.ndarray:
    """Return the index of each name among the canonical keypoints.

    Args:
        names: A data set's keypoints, named and ordered as in its MMPose metainfo.

    Raises:
        LitePoseError: Synthetic people lack one of the keypoints.
    """
    places = {name: index for index, name in enumerate(KEYPOINTS)}
    found = [places.get(ALIASES.get(name, name)) for name in names]
    if None in found:
        missing = ', '.join(name for name, place in zip(names, found) if place is None)
        raise LitePoseError(
            f'synthetic people have no keypoints named {missing}; they have {", ".join(KEYPOINTS)}'
        )
    return np.array(found, dtype=np.intp)
