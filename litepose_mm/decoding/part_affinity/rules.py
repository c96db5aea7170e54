"""The rules by which people are found in heatmaps and fields."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from ...utils.tagged import AboveZero, Positive
from .body import Body

Share = Annotated[float, msgspec.Meta(ge=0, lt=1)]


class PartAffinityRules(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The defaults are those of Lightweight OpenPose's demo.

    Args:
        body: The parts and limbs.
        upsample: Factor by which maps are enlarged, by cubic interpolation, before people are
            searched for. The authors' evaluation uses 8, and then resizes maps to the image.
        keypoint_threshold: Keypoints have at least this heatmap value.
        suppression: Of two keypoints of a part that are closer, in pixels of the enlarged maps,
            the right one is dropped.
        samples: Number of points along a limb at which its field is read, at least 2.
        field_threshold: Points count if the field agrees with the limb's direction by more.
        min_success: A limb is accepted if a larger share of its points counts.
        min_keypoints: A person has at least this number of scored keypoints.
        min_mean_score: A person's score per keypoint is at least this.
        top_k: Maximum number of keypoints of each part, the highest; the authors have no limit,
            but a network that finds parts everywhere would take minutes. All pairs of a limb are
            read in one call of OpenCV, which allows 32,766.
    """

    body: Body
    upsample: Literal[1, 2, 4, 8] = 4
    keypoint_threshold: AboveZero = 0.1
    suppression: AboveZero = 6.0
    samples: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 10
    field_threshold: Share = 0.05
    min_success: Share = 0.8
    min_keypoints: Positive = 3
    min_mean_score: Annotated[float, msgspec.Meta(ge=0)] = 0.2
    top_k: Annotated[int, msgspec.Meta(ge=1, le=181)] = 100
