"""Convert results to and from other formats: plain values, COCO's and supervision's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import LitePoseError, reason

if TYPE_CHECKING:
    from supervision import KeyPoints

    from .pose_result import PoseResult


def plain(array: np.ndarray) -> list:
    """Returns nested lists with the shortest decimals that represent the same float32 values."""
    return array.astype(np.float32).astype(str).astype(np.float64).tolist()


def to_coco(
    result: PoseResult, image_id: int, category_id: int, with_bbox: bool
) -> list[dict[str, Any]]:
    """See :meth:`PoseResult.to_coco`."""
    triples = np.concatenate([result.keypoints, result.keypoint_scores[..., None]], axis=2)
    flat = plain(triples.reshape(len(result), 3 * result.skeleton.num_keypoints))
    people = [
        {'image_id': image_id, 'category_id': category_id, 'keypoints': keypoints, 'score': score}
        for keypoints, score in zip(flat, plain(result.scores), strict=True)
    ]
    if result.ids is not None:
        for person, own in zip(people, result.ids.tolist(), strict=True):
            person['track_id'] = own
    if with_bbox:
        boxes = result.bboxes
        boxes[:, 2:] -= boxes[:, :2]
        for person, box in zip(people, plain(boxes), strict=True):
            person['bbox'] = box
    return people


def from_coco(annotations: Sequence[Mapping[str, Any]], num_keypoints: int) -> dict[str, Any]:
    """Returns the fields of a result for :meth:`PoseResult.from_coco`.

    Raises:
        LitePoseError: The people belong to several images, or have another format.
    """
    try:
        people = [
            (
                person.get('image_id'),
                np.asarray(person['keypoints'], dtype=np.float32).reshape(num_keypoints, 3),
                None if person.get('score') is None else float(person['score']),
                person.get('track_id'),
            )
            for person in annotations
        ]
        image_ids = sorted({image_id for image_id, *_ in people}, key=repr)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LitePoseError(
            "expected a list of people in COCO's format, as PoseResult.to_coco returns it, with "
            f'{3 * num_keypoints} numbers as keypoints, got something else: {reason(error)}'
        ) from error
    if len(image_ids) > 1:
        raise LitePoseError(
            f'expected the people of one image, got those of {len(image_ids)} images with the '
            f'image_id {image_ids[0]!r}, {image_ids[1]!r}, …; select one of them'
        )
    triples = np.array([triple for _, triple, _, _ in people]).reshape(-1, num_keypoints, 3)
    scores = np.array([1 if score is None else score for _, _, score, _ in people], np.float32)
    labelled = np.array([score is None for _, _, score, _ in people], bool)  # not predicted
    triples[labelled, :, 2] = triples[labelled, :, 2] > 0
    ids = [own for *_, own in people]
    return {
        'keypoints': triples[..., :2],
        'keypoint_scores': triples[..., 2],
        'scores': scores,
        'ids': None if not ids or None in ids else ids,
    }


def to_supervision(result: PoseResult) -> KeyPoints:
    """See :meth:`PoseResult.to_supervision`."""
    try:
        from supervision import KeyPoints

        return KeyPoints(
            xy=result.keypoints.copy(),
            class_id=np.zeros(len(result), dtype=int),
            keypoint_confidence=result.keypoint_scores.copy(),
            detection_confidence=result.scores.copy(),
            visible=result.found(),
            data={} if result.ids is None else {'tracker_id': result.ids.copy()},
        )
    except (ImportError, TypeError) as error:  # older versions lack some of these arguments
        raise LitePoseError(
            'to_supervision needs supervision 0.29 or newer; pip install -U supervision '
            f'({reason(error)})'
        ) from error
