"""Merge the people that a model finds with existing annotations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any

import numpy as np

from ...annotations import normalise
from ...annotations.values import size_of
from ...errors import LitePoseError
from ...evaluation.functional.average_precision import Truth
from ...structures import PoseResult, Skeleton
from ..synthetic.annotations import CATEGORY
from .annotated import AnnotatedPeople
from .calibration import Calibration

# Labels that are right less often teach nothing.
_LEAST_PROBABILITY = 0.1


def make_document(
    results: Mapping[str, PoseResult], skeleton: Skeleton, truth: Truth | None = None
) -> tuple[dict[str, Any], Calibration | None]:
    """Make annotations in COCO's form with the model's keypoints.

    The visibility of a keypoint that was found is the probability that it is right, or its score
    if there are no annotations to estimate the probability from. Annotated people replace the
    people that were found, but take the keypoints that their file does not define from the matching
    person. The model also labels people who are annotated without keypoints. Crowds are masked.

    Args:
        results: The people that the model finds in each image, by the image's file name.
        skeleton: The model's skeleton.
        truth: Annotations of some of these images.

    Returns:
        The document, and the map from scores to probabilities, or None without annotations.

    Raises:
        LitePoseError: An image is annotated at another size, or too few keypoints are annotated.
    """
    entries, compared, calibration = {}, {}, None
    if truth is not None:
        images = truth.document['images']
        entries = {each['file_name']: each for each in images if each['file_name'] in results}
        compared = _compare(results, entries, truth)
        calibration = _calibrate(compared.values())
    numbers = count(1 + max((image['id'] for image in entries.values()), default=0))
    document = dict(images=[], annotations=[], categories=[_category(skeleton)])
    for name, result in results.items():
        width, height = result.image_size
        image = entries.get(name) or dict(id=next(numbers), file_name=name)
        document['images'].append({**image, 'width': width, 'height': height})
        for annotation in _annotations(result, compared.get(name), calibration):
            own = dict(id=len(document['annotations']) + 1, image_id=image['id'])
            document['annotations'].append({**annotation, **own})
    return normalise(document).document, calibration


def _compare(
    results: Mapping[str, PoseResult], entries: Mapping[str, dict], truth: Truth
) -> dict[str, AnnotatedPeople]:
    people = defaultdict(list)
    for annotation in truth.document['annotations']:
        people[annotation['image_id']].append(annotation)
    compared = {}
    for name, image in entries.items():
        size, own = size_of(image), results[name].image_size
        if size not in (None, own):
            raise LitePoseError(
                f'{name}: expected the annotated image, of {size[0]}x{size[1]} pixels, got one of '
                f'{own[0]}x{own[1]}; give the images that belong to the annotations'
            )
        compared[name] = AnnotatedPeople(people[image['id']], truth.keypoints, results[name])
    return compared


def _calibrate(compared: Iterable[AnnotatedPeople]) -> Calibration:
    scores, right = [np.zeros(0)], [np.zeros(0, dtype=bool)]
    for each in compared:
        for judged, values in zip((scores, right), each.judge()):
            judged.append(values)
    return Calibration.fit(np.concatenate(scores), np.concatenate(right))


def _annotations(
    result: PoseResult, annotated: AnnotatedPeople | None, calibration: Calibration | None
) -> list[dict[str, Any]]:
    scores = result.keypoint_scores
    probabilities = scores.clip(0, 1) if calibration is None else calibration(scores)
    triples = result.keypoints, probabilities[..., None]
    found = np.concatenate(triples, axis=2, dtype=np.float64).round(3)
    found[found[..., 2] < _LEAST_PROBABILITY] = 0
    if annotated is None:
        return [_person(triples) for triples in found if triples.any()]
    return [
        *map(_crowd, annotated.crowds),
        *_merged(annotated, found),
        *(_person(each) for each in found[annotated.partner < 0] if each.any()),
    ]


def _merged(annotated: AnnotatedPeople, found: np.ndarray) -> list[dict[str, Any]]:
    people = np.zeros((len(annotated.labelled), *found.shape[1:]))
    known = annotated.partner >= 0
    people[annotated.partner[known]] = found[known]
    people[:, annotated.shared] = annotated.keypoints
    return [
        _person(triples, **{key: own[key] for key in ('bbox', 'area', 'segmentation')})
        for own, triples in zip(annotated.labelled, people)
    ]


def _person(triples: np.ndarray, **fields: Any) -> dict[str, Any]:
    return dict(keypoints=triples.ravel().tolist(), iscrowd=0, category_id=CATEGORY['id'], **fields)


def _crowd(annotation: dict) -> dict[str, Any]:
    """Annotate a crowd, using its box as the outline if it has none."""
    left, top, width, height = annotation['bbox']
    right, bottom = left + width, top + height
    outline = [[left, top, right, top, right, bottom, left, bottom]]
    return dict(
        keypoints=[],
        num_keypoints=0,
        iscrowd=1,
        category_id=CATEGORY['id'],
        bbox=annotation['bbox'],
        area=annotation['area'],
        segmentation=annotation['segmentation'] or outline,
    )


def _category(skeleton: Skeleton) -> dict[str, Any]:
    return dict(
        CATEGORY,
        keypoints=list(skeleton.keypoint_names),
        skeleton=[[start + 1, end + 1] for start, end in skeleton.links],
    )
