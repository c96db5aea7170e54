"""Mending of what is mechanical."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from ..synthetic import crowd_index
from .document import names_in
from .images import picture_size
from .problem import Problem
from .values import are_numbers, box_area, has_id, is_box, is_number, size_of, triples


def fix(
    document: dict,
    problems: Iterable[Problem],
    images: Path | None = None,
    drop: bool = False,
    names: Sequence[str] | None = None,
) -> dict[str, int]:
    """Mends ``document`` in place, and with ``drop`` leaves out what is malformed.

    Mended are sizes, wrong ``num_keypoints``, and where they are missing, and there is no doubt,
    the crowd index of images and fields of annotations.

    Args:
        document: The file's content.
        problems: What :func:`check` found in it.
        images: Folder of the pictures, for their sizes; width and height are swapped without.
        drop: Leaves out images and annotations that cannot be used.
        names: Names of the keypoints; those of the file by default.

    Returns:
        How many entries were changed or left out, by what was done.
    """
    done = Counter()
    affected = defaultdict(set)  # entries by kind of problem
    unusable = set()
    num_keypoints = len(names or names_in(document))
    for problem in problems:
        affected[problem.kind].add(id(problem.entry))
        if _mend(problem, num_keypoints):
            done[f'{problem.field} mended'] += 1
        elif problem.malformed and problem.kind != 'crowdIndex':
            unusable.add(id(problem.entry))

    usable = {
        field: [entry for entry in document[field] if has_id(entry) and id(entry) not in unusable]
        for field in ('images', 'annotations')
    }
    people = defaultdict(list)
    for annotation in usable['annotations']:
        people[annotation['image_id']].append(annotation)
    for image in usable['images']:
        if id(image) in affected['size'] and _mend_size(image, images):
            done['sizes mended'] += 1
        if id(image) in affected['crowdIndex']:
            image['crowdIndex'] = crowd_index(people[image['id']])
            done['crowdIndex mended'] += 1
    if drop:
        there = {image['id'] for image in usable['images']}
        usable['annotations'] = [a for a in usable['annotations'] if a['image_id'] in there]
        for field, kept in usable.items():
            done[f'{field} left out'] = len(document[field]) - len(kept)
            document[field] = kept
    return {what: count for what, count in done.items() if count}


def _mend(problem: Problem, num_keypoints: int) -> bool:
    """Writes a field of an annotation; returns whether it could."""
    kinds = 'missing field', 'missing segmentation', 'num_keypoints'
    if problem.kind not in kinds or problem.field not in _VALUES:
        return False
    value = _VALUES[problem.field](problem.entry, num_keypoints)
    if value is not None:
        problem.entry[problem.field] = value
    return value is not None


def _zeros(annotation: dict, num_keypoints: int) -> list[int] | None:
    """Keypoints of a crowd, or of a person of whom the file says that there are none."""
    given = annotation.get('num_keypoints', 0 if annotation.get('iscrowd') == 1 else None)
    return [0, 0, 0] * num_keypoints if num_keypoints and given == 0 else None


def _count(annotation: dict, num_keypoints: int) -> int | None:
    if not are_numbers(annotation.get('keypoints')):
        return None
    return sum(v > 0 for _, _, v in triples(annotation['keypoints']))


def _area(annotation: dict, num_keypoints: int) -> float | None:
    box = annotation.get('bbox')
    return box_area(box) if is_box(box) and is_number(box_area(box)) else None


# What can be told from an annotation and the number of its keypoints; None where it cannot.
_VALUES: dict[str, Callable[[dict, int], Any]] = dict(
    iscrowd=lambda annotation, num_keypoints: 0,
    keypoints=_zeros,
    num_keypoints=_count,
    area=_area,
    segmentation=lambda annotation, num_keypoints: [],
)


def _mend_size(image: dict, folder: Path | None) -> bool:
    size = size_of(image)
    if folder is not None:
        size = picture_size(folder / image['file_name'])
    elif size is not None:
        size = size[::-1]
    if size is not None:
        image['width'], image['height'] = size
    return size is not None
