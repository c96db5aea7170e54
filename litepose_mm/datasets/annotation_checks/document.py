"""Checks of a whole file."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from ...errors import LitePoseError, some
from .annotations import Expected, check_annotation
from .images import check_image
from .problem import Problem
from .values import has_id, is_id, size_of

_MOST_SHOWN = 3


def read_annotations(path: Path) -> dict:
    """Reads a file of annotations.

    Raises:
        LitePoseError: It is missing, no JSON or no mapping with images and annotations.
    """
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise LitePoseError(f'{path}: {error.strerror}') from error
    except ValueError as error:
        raise LitePoseError(f'{path}: no JSON ({error})') from error
    lists = isinstance(document, dict) and all(
        isinstance(document.get(key), list) for key in ('images', 'annotations')
    )
    if not lists:
        raise LitePoseError(f'{path}: expected a mapping with the lists images and annotations')
    return document


def read_usable(path: Path) -> dict:
    """Reads a file of annotations of which all can be used.

    Raises:
        LitePoseError: As :func:`read_annotations` does, or some annotations are malformed; it names
            the first of them.
    """
    document = read_annotations(path)
    problems = [str(problem) for problem in check(document) if problem.malformed]
    if problems:
        shown = some(problems, _MOST_SHOWN, '; ')
        raise LitePoseError(
            f'{path}: {shown} (tools/misc/check_annotations.py {path} shows all; with '
            '--fix OUT --drop it mends them or leaves them out)'
        )
    return document


def check(
    document: dict,
    images: Path | None = None,
    names: Sequence[str] | None = None,
    decode: bool = False,
    crowdpose: bool | None = None,
) -> Iterator[Problem]:
    """Finds everything that is wrong.

    Args:
        document: What :func:`read_annotations` returned.
        images: Folder of the pictures, to look whether they are there and of which size.
        names: Names of the keypoints that are expected; those of the file by default.
        decode: Reads every picture to its end.
        crowdpose: Whether results are evaluated by CrowdPose's rule, which takes each image's
            ``crowdIndex`` and no areas. By default, where an image has one.
    """
    if crowdpose is None:
        crowdpose = any(has_id(image) and 'crowdIndex' in image for image in document['images'])
    yield from _check_ids(document['images'], 'image')
    yield from _check_ids(document['annotations'], 'annotation')
    entries = {image['id']: image for image in document['images'] if has_id(image)}
    annotations = [a for a in document['annotations'] if isinstance(a, dict)]
    people = defaultdict(list)
    for annotation in annotations:
        if is_id(annotation.get('image_id')):
            people[annotation['image_id']].append(annotation)

    own = names_in(document)
    if names is not None and own and len(own) != len(names):
        text = f'{len(own)} keypoints, expected {len(names)}'
        yield Problem('names', 'file', None, 'categories', text)
    if not document.get('categories'):
        yield Problem('missing field', 'file', None, 'categories', 'expected at least one')
    for image in filter(has_id, document['images']):
        yield from check_image(image, people[image['id']], images, decode, crowdpose)
    for image_id in entries:
        yield from _check_segmentations(people[image_id])
    sizes = {image_id: size_of(image) for image_id, image in entries.items()}
    categories = _category_ids(document)
    for annotation in annotations:
        image_id = annotation.get('image_id')
        size = sizes.get(image_id) if is_id(image_id) else None
        expected = Expected(tuple(names or own), size, categories, area=not crowdpose)
        yield from check_annotation(annotation, expected)
    for image_id in sorted(people.keys() - entries.keys()):
        ids = ', '.join(str(a.get('id')) for a in people[image_id][:5])
        text = f'annotations {ids} name it'
        yield Problem('no such image', 'image', image_id, 'id', text, malformed=True)


def _check_ids(entries: list, where: str) -> Iterator[Problem]:
    seen = Counter()
    for index, entry in enumerate(entries):
        if has_id(entry):
            seen[entry['id']] += 1
        elif not isinstance(entry, dict):
            text = f'entry {index} of the list: expected a mapping, got {entry!r:.40}'
            yield Problem('id', where, None, 'id', text, malformed=True)
        elif 'id' in entry:
            text = f'entry {index} of the list: expected a whole number, got {entry["id"]!r}'
            yield Problem('id', where, None, 'id', text, malformed=True, entry=entry)
        else:
            text = f'entry {index} of the list has none'
            yield Problem('missing field', where, None, 'id', text, malformed=True)
    for key, times in seen.items():
        if times > 1:
            yield Problem('duplicate id', where, key, 'id', f'{times} times')


def _check_segmentations(people: list[dict]) -> Iterator[Problem]:
    """MMPose joins the polygons of an image's people and fails where somebody has none."""
    if any(isinstance(person.get('segmentation'), list) for person in people):
        for person in people:
            if person.get('segmentation') is None:
                text = 'missing, but others of its image have polygons: expected [] at least'
                fault = ('annotation', person.get('id'), 'segmentation', text)
                yield Problem('missing segmentation', *fault, malformed=True, entry=person)


def _category_ids(document: dict) -> frozenset:
    categories = document.get('categories')
    listed = filter(has_id, categories if isinstance(categories, list) else ())
    return frozenset(category['id'] for category in listed)


def names_in(document: dict) -> list[str]:
    """The names of the keypoints, from the first category that has some."""
    categories = document.get('categories')
    for category in categories if isinstance(categories, list) else ():
        if isinstance(category, dict) and isinstance(category.get('keypoints'), list):
            return category['keypoints']
    return []
