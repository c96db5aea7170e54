"""Mending of what is mechanical."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from .images import picture_size
from .problem import Problem
from .values import has_id, size_of, triples


def fix(
    document: dict, problems: Iterable[Problem], images: Path | None = None, drop: bool = False
) -> dict[str, int]:
    """Mends ``document`` in place, and with ``drop`` leaves out what is malformed.

    Mended are sizes, ``num_keypoints`` and missing segmentations.

    Args:
        document: The file's content.
        problems: What :func:`check` found in it.
        images: Folder of the pictures, for their sizes; width and height are swapped without.
        drop: Leaves out images and annotations that cannot be used.

    Returns:
        How many entries were changed or left out, by what was done.
    """
    affected = defaultdict(set)  # entries by kind of problem
    unusable = set()
    for problem in problems:
        affected[problem.kind].add(id(problem.entry))
        if problem.malformed and problem.kind != 'missing segmentation':
            unusable.add(id(problem.entry))

    def affected_entries(field: str, kind: str) -> Iterator[dict]:
        return (entry for entry in document[field] if id(entry) in affected[kind])

    done = Counter()
    for image in affected_entries('images', 'size'):
        if id(image) in unusable:
            continue
        size = size_of(image)
        if images is not None:
            size = picture_size(images / image['file_name'])
        elif size is not None:
            size = size[::-1]
        if size is not None:
            image['width'], image['height'] = size
            done['sizes mended'] += 1
    for annotation in affected_entries('annotations', 'num_keypoints'):
        annotation['num_keypoints'] = sum(v > 0 for _, _, v in triples(annotation['keypoints']))
        done['num_keypoints mended'] += 1
    for annotation in affected_entries('annotations', 'missing segmentation'):
        annotation['segmentation'] = []
        done['segmentations mended'] += 1
    if drop:
        usable = {
            field: [
                entry for entry in document[field] if has_id(entry) and id(entry) not in unusable
            ]
            for field in ('images', 'annotations')
        }
        there = {image['id'] for image in usable['images']}
        usable['annotations'] = [a for a in usable['annotations'] if a['image_id'] in there]
        for field, kept in usable.items():
            done[f'{field} left out'] = len(document[field]) - len(kept)
            document[field] = kept
    return {what: count for what, count in done.items() if count}
