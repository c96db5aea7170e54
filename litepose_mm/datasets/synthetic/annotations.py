"""Ground truth in the form of COCO and CrowdPose."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .scene import OUTSIDE, VISIBLE, PersonTruth

CATEGORY = {'id': 1, 'name': 'person', 'supercategory': 'person'}
LEAST_VISIBLE = 0.06  # visible share of a person below which keypoints are not labelled
_IDS_PER_IMAGE = 1000


def person_annotations(
    people: Sequence[PersonTruth], image_id: int, selection: np.ndarray
) -> list[dict]:
    """Return the annotations of one image in COCO's form.

    A person who is hardly visible has ``num_keypoints`` 0, as in COCO, so that training can mask
    and the evaluation ignores the person. A person who is not visible at all is left out.

    Args:
        people: The people in the image.
        image_id: The image's id.
        selection: Index of each of the data set's keypoints among the canonical ones.
    """
    annotations = []
    for person in people:
        if not person.visible_area:
            continue
        flags = person.flags[selection]
        keypoints = np.column_stack([person.keypoints[selection].round(2), flags])
        seen = person.visible_area >= LEAST_VISIBLE * person.area and (flags == VISIBLE).any()
        keypoints[(flags == OUTSIDE) | (not seen)] = 0
        segmentation = mask_polygons(person.mask)
        if not (seen or segmentation):
            continue  # a few pixels
        annotations.append(
            dict(
                id=image_id * _IDS_PER_IMAGE + len(annotations) + 1,
                image_id=image_id,
                category_id=CATEGORY['id'],
                keypoints=keypoints.ravel().tolist(),
                num_keypoints=int(np.count_nonzero(keypoints[:, 2])),
                bbox=[float(value) for value in person.bbox],
                area=float(person.area),
                segmentation=segmentation,
                iscrowd=0,
            )
        )
    return annotations


def mask_polygons(mask: np.ndarray) -> list[list[int]]:
    """Return the outer borders of a mask as COCO polygons, without specks of a few pixels."""
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    polygons = [cv2.approxPolyDP(outline, 0.8, True).ravel().tolist() for outline in outlines]
    return [polygon for polygon in polygons if len(polygon) >= 6]
