"""Mending of what is mechanical."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
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
    affected = defaultdict(set)  # ids by kind of problem
    unusable = defaultdict(set)  # ids by image or annotation
    for problem in problems:
        affected[problem.kind].add(problem.id)
        if problem.malformed and problem.kind != 'missing segmentation':
            unusable[problem.where].add(problem.id)
    done = Counter()
    for image in _with_id_in(affected['size'] - unusable['image'], document['images']):
        size = size_of(image)
        if images is not None:
            size = picture_size(images / image['file_name'])
        elif size is not None:
            size = size[::-1]
        if size is not None:
            image['width'], image['height'] = size
            done['sizes mended'] += 1
    for annotation in _with_id_in(affected['num_keypoints'], document['annotations']):
        annotation['num_keypoints'] = sum(v > 0 for _, _, v in triples(annotation['keypoints']))
        done['num_keypoints mended'] += 1
    for annotation in _with_id_in(affected['missing segmentation'], document['annotations']):
        annotation['segmentation'] = []
        done['segmentations mended'] += 1
    if drop:
        for field, where, image_id in (
            ('images', 'image', 'id'),
            ('annotations', 'annotation', 'image_id'),
        ):
            kept = [
                entry
                for entry in document[field]
                if has_id(entry)
                and entry['id'] not in unusable[where]
                and entry.get(image_id) not in unusable['image']
            ]
            done[f'{field} left out'] = len(document[field]) - len(kept)
            document[field] = kept
    return {what: count for what, count in done.items() if count}


def _with_id_in(ids: set, entries: list) -> list[dict]:
    return [entry for entry in entries if has_id(entry) and entry['id'] in ids]
