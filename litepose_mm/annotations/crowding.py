"""Measure how crowded an image is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def crowd_index(annotations: Sequence[dict]) -> float:
    """Returns how crowded an image is, from 0 to 1, as CrowdPose defines it.

    This is the mean over people of the number of other people's keypoints in a person's box,
    divided by the number of the person's own keypoints in it, but at most 1.
    """
    labelled = [a for a in annotations if a['num_keypoints']]
    ratios = []
    for own in labelled:
        counts = [_keypoints_in(own['bbox'], other) for other in labelled]
        mine = _keypoints_in(own['bbox'], own)
        ratios.append(min((sum(counts) - mine) / max(mine, 1), 1.0))
    return float(np.mean(ratios)) if ratios else 0.0


def _keypoints_in(bbox: Sequence[float], annotation: dict) -> int:
    x, y, flag = np.reshape(annotation['keypoints'], (-1, 3)).T
    left, top, width, height = bbox
    inside = (x >= left) & (x <= left + width) & (y >= top) & (y <= top + height)
    return int(np.count_nonzero(inside & (flag > 0)))
