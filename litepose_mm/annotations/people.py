"""Convert annotation files of any tool into one normal form.

Training, evaluation, verification and the converters all read files in this form, so that a model
is trained and evaluated on the same people.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import some
from .categories import CATEGORY, read_categories
from .coordinates import fractions_problem, in_fractions, odd_coordinates
from .person import Person
from .problem import Problem
from .values import Size, id_text, is_number, numbers, size_of

_MAX_ID = 2**53  # above it, floats cannot tell ids apart


@dataclass
class People:
    """The people annotated in a file.

    Attributes:
        document: A document in COCO's format without unusable entries. Ids are whole numbers,
            those of annotations start at 1. There is one category with the id 1. Each annotation
            has ``bbox``, ``keypoints``, ``num_keypoints``, ``area``, ``iscrowd`` and
            ``segmentation``. An image has ``width`` and ``height`` only if the file has them.
        problems: Problems that were fixed, and those that make entries unusable.
        unusable: Unusable images and annotations, as they are in the file.
    """

    document: dict
    problems: list[Problem] = field(default_factory=list)
    unusable: dict[str, list] = field(default_factory=lambda: {'images': [], 'annotations': []})

    @property
    def names(self) -> list[str]:
        """Names of the keypoints; empty if the file has none."""
        return self.document['categories'][0]['keypoints']


def normalise(
    document: dict, names: Sequence[str] | None = None, needs_area: bool = True
) -> People:
    """Converts the contents of a file into the normal form.

    Args:
        document: A mapping with the lists ``images`` and ``annotations``; it is not modified.
        names: Names of the expected keypoints, to choose among the categories.
        needs_area: Whether missing areas are problems; they are computed from the boxes.
    """
    people = People(dict(document))
    numbers_of = _read_images(document['images'], people)
    entries = [entry for entry in document['annotations'] if isinstance(entry, dict)]
    for index, entry in enumerate(document['annotations']):
        if not isinstance(entry, dict):
            text = f'entry {index} of the list: expected a mapping, got {entry!r:.40}'
            people.problems.append(Problem('id', 'annotation', None, 'id', text, malformed=True))
            people.unusable['annotations'].append(entry)
    category, entries, problems = read_categories(document.get('categories'), entries, names)
    people.document['categories'] = [category]
    people.problems += problems
    annotations = _read_annotations(entries, numbers_of, people, needs_area)
    _number_annotations(annotations, people)
    people.document['annotations'] = [fields for _, fields in annotations]
    odd = odd_coordinates(people.document)
    people.problems += [odd] if odd else []
    labelled = any(fields['num_keypoints'] for _, fields in annotations)
    if not labelled and not people.unusable['annotations']:
        text = f'no person on any of {len(document["images"])} images is annotated with keypoints'
        people.problems.append(Problem('nobody', 'file', None, 'annotations', text, malformed=True))
    return people


# --- images


def _read_images(entries: list, people: People) -> dict[str, int]:
    """Adds the images to ``people``; returns their numbers by the text of their ids."""
    ids = [id_text(entry.get('id')) if isinstance(entry, dict) else None for entry in entries]
    numbering = _numbering(filter(None, ids))
    by_text: dict[str, list[dict]] = defaultdict(list)
    raw: dict[str, list] = defaultdict(list)
    for index, (entry, text) in enumerate(zip(entries, ids)):
        problems = list(_image_problems(entry, index, text, numbering))
        people.problems += problems
        if text is None or any(problem.malformed for problem in problems):
            people.unusable['images'].append(entry)
        else:
            by_text[text].append(_image(entry, numbering[text]))
            raw[text].append(entry)
    for text, images in by_text.items():
        if len(images) > 1:
            same = len({image['file_name'] for image in images}) == 1
            message = f'{len(images)} times'
            people.problems.append(
                Problem(
                    'duplicate id',
                    'image',
                    raw[text][0]['id'],
                    'id',
                    message if same else f'{message}, for different files',
                    malformed=not same,
                    fixed=same,
                )
            )
            if not same:
                people.unusable['images'] += raw[text]
                images.clear()
    people.document['images'] = [images[0] for images in by_text.values() if images]
    return {text: numbering[text] for text, images in by_text.items() if images}


def _image(entry: dict, number: int) -> dict:
    image = dict(entry, id=number)
    size = size_of(entry)
    image.pop('width', None), image.pop('height', None)
    if size:
        image.update(width=size[0], height=size[1])
    return image


def _image_problems(entry: Any, index: int, text: str | None, numbering: dict) -> Iterable[Problem]:
    own_id = None if text is None else entry['id']

    def problem(kind: str, name: str, message: str, malformed: bool = False, fixed: bool = True):
        return Problem(kind, 'image', own_id, name, message, malformed, fixed and not malformed)

    if not isinstance(entry, dict):
        got = f'expected a mapping, got {entry!r:.40}'
        yield problem('id', 'id', f'entry {index} of the list: {got}', malformed=True)
        return
    if 'id' not in entry:
        message = f'entry {index} of the list has none'
        yield problem('missing field', 'id', message, malformed=True)
    elif text is None or type(entry['id']) is not int or entry['id'] != numbering[text]:
        message = f'entry {index} of the list: expected a whole number, got {entry["id"]!r:.40}'
        yield problem('id', 'id', message, malformed=text is None)
    if 'file_name' not in entry:
        yield problem('missing field', 'file_name', 'expected one', malformed=True)
    elif not isinstance(entry['file_name'], str) or not entry['file_name']:
        message = f'expected a string, got {entry["file_name"]!r:.40}'
        yield problem('file_name', 'file_name', message, malformed=True)
    for name in ('width', 'height'):
        if name not in entry:
            yield problem('missing field', name, 'expected one', fixed=False)
    given = entry.get('width'), entry.get('height')
    if {'width', 'height'} <= set(entry) and not all(
        is_number(side) and side > 0 for side in given
    ):
        message = f'expected two positive numbers, got {given!r:.60}'
        yield problem('size', 'width, height', message, fixed=size_of(entry) is not None)


def _numbering(texts: Iterable[str]) -> dict[str, int]:
    """Returns a number for each id: the id itself if all are whole numbers, else its rank."""
    different = dict.fromkeys(texts)
    if all(
        re.fullmatch(r'0|-?[1-9]\d{0,15}', text) and abs(int(text)) < _MAX_ID for text in different
    ):
        return {text: int(text) for text in different}
    return {text: number for number, text in enumerate(different, start=1)}


# --- annotations


def _read_annotations(
    entries: list[dict], numbers_of: dict[str, int], people: People, needs_area: bool
) -> list[tuple[dict, dict]]:
    """Returns the usable annotations, each as it is in the file and in the normal form."""
    lengths = Counter(len(numbers(entry.get('keypoints')) or ()) // 3 for entry in entries)
    lengths.pop(0, None)
    count = len(people.names) or (lengths.most_common(1)[0][0] if lengths else 0)
    sizes: dict[int, Size | None] = {}
    with_polygons = set()  # images on which at least one person has polygons
    for image in people.document['images']:
        sizes[image['id']] = size_of(image)
    for entry in entries:
        if isinstance(entry.get('segmentation'), list):
            with_polygons.add(id_text(entry.get('image_id')))
    usable, lost, num_fractions = [], defaultdict(list), 0
    for entry in entries:
        text = id_text(entry.get('image_id'))
        number = None if text is None else numbers_of.get(text)
        size = None if number is None else sizes[number]
        person = Person(entry, people.names, count, size, needs_area)
        if in_fractions(person.labelled):
            num_fractions += 1
            people.unusable['annotations'].append(entry)
            continue
        problems = person.problems
        if 'image_id' not in entry or text is None or type(entry['image_id']) is not int:
            problems.insert(0, _image_id_problem(entry, malformed=text is None))
        if text in with_polygons and entry.get('segmentation') is None:
            message = 'expected at least [], because other people of the image have polygons'
            where = 'annotation', entry.get('id'), 'segmentation'
            problems.append(Problem('missing segmentation', *where, message, fixed=True))
        people.problems += problems
        if text is not None and number is None:
            lost[text].append(str(entry.get('id')))
        if person.malformed or number is None:
            people.unusable['annotations'].append(entry)
        else:
            person.fields.update(image_id=number, category_id=CATEGORY)
            usable.append((entry, person.fields))
    if num_fractions:
        people.problems.append(fractions_problem(num_fractions))
    for text, ids in sorted(lost.items()):
        message = f'the annotations {some(ids, 5)} refer to it'
        people.problems.append(
            Problem('no such image', 'image', text, 'id', message, malformed=True)
        )
    return usable


def _image_id_problem(entry: dict, malformed: bool) -> Problem:
    kind, message = 'missing field', 'expected the id of an image'
    if 'image_id' in entry:
        kind, message = 'image_id', f'expected a whole number, got {entry["image_id"]!r:.40}'
    where = 'annotation', entry.get('id'), 'image_id'
    return Problem(kind, *where, message, malformed, fixed=not malformed)


def _number_annotations(annotations: list[tuple[dict, dict]], people: People) -> None:
    """Renumbers all annotations if an id is missing, invalid or used twice.

    COCO's evaluation treats the id 0 as no match, and annotations with the same id as one person.
    """
    seen: Counter[int] = Counter()
    good = True
    for index, (entry, _) in enumerate(annotations):
        given = entry.get('id')
        if type(given) is int and given > 0:
            seen[given] += 1
            continue
        good = False
        kind, message = 'missing field', f'entry {index} of the list has none'
        if 'id' in entry:
            kind = 'id'
            message = (
                f'entry {index} of the list: expected a whole number from 1, got {given!r:.40}'
            )
        people.problems.append(Problem(kind, 'annotation', None, 'id', message, fixed=True))
    for key, times in seen.items():
        if times > 1:
            good = False
            message = f'{times} times'
            people.problems.append(
                Problem('duplicate id', 'annotation', key, 'id', message, fixed=True)
            )
    if not good:
        for number, (_, fields) in enumerate(annotations, start=1):
            fields['id'] = number
