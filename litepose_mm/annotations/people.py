"""The normal form of annotation files, whatever tool wrote them.

Training, evaluation, verification and the converters read files through this one form, so that
what is trained on is what is evaluated.
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

_MOST_ID = 2**53  # from here on, floats do not tell ids apart


@dataclass
class People:
    """Everybody who is annotated in a file.

    Attributes:
        document: In COCO's form, without what cannot be used: ids are whole numbers, those of
            annotations from 1; one category, number 1, of which everybody is; of each annotation
            ``bbox``, ``keypoints``, ``num_keypoints``, ``area``, ``iscrowd`` and ``segmentation``
            are there. An image lacks ``width`` and ``height`` where the file does not tell them.
        problems: What had to be mended for that, and what cannot be used.
        unusable: Images and annotations that cannot be used, as the file has them.
    """

    document: dict
    problems: list[Problem] = field(default_factory=list)
    unusable: dict[str, list] = field(default_factory=lambda: {'images': [], 'annotations': []})

    @property
    def names(self) -> list[str]:
        """Names of the keypoints; empty where the file has none."""
        return self.document['categories'][0]['keypoints']


def normalise(
    document: dict, names: Sequence[str] | None = None, needs_area: bool = True
) -> People:
    """Reads the content of a file.

    Args:
        document: A mapping with the lists ``images`` and ``annotations``; it is left as it is.
        names: Names of the keypoints that are expected, to choose among the categories.
        needs_area: Whether missing areas are problems; they are taken from the boxes.
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
        text = f'nobody is annotated with keypoints on any of {len(document["images"])} images'
        people.problems.append(Problem('nobody', 'file', None, 'annotations', text, malformed=True))
    return people


# --- images


def _read_images(entries: list, people: People) -> dict[str, int]:
    """Fills in the images; returns their numbers by the texts of their ids."""
    ids = [id_text(entry.get('id')) if isinstance(entry, dict) else None for entry in entries]
    numbering = _numbering(filter(None, ids))
    by_text: dict[str, list[dict]] = defaultdict(list)
    raw: dict[str, list] = defaultdict(list)
    for index, (entry, text) in enumerate(zip(entries, ids)):
        problems = list(_image_problems(entry, index, text, numbering))
        people.problems += problems
        if any(problem.malformed for problem in problems):
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
                    mended=same,
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

    def problem(kind: str, name: str, message: str, malformed: bool = False, mended: bool = True):
        return Problem(kind, 'image', own_id, name, message, malformed, mended and not malformed)

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
            yield problem('missing field', name, 'expected one', mended=False)
    given = entry.get('width'), entry.get('height')
    if {'width', 'height'} <= set(entry) and not all(
        is_number(side) and side > 0 for side in given
    ):
        message = f'expected two positive numbers, got {given!r:.60}'
        yield problem('size', 'width, height', message, mended=size_of(entry) is not None)


def _numbering(texts: Iterable[str]) -> dict[str, int]:
    """A number for each id: its own where all are whole numbers, else one by the order."""
    different = dict.fromkeys(texts)
    if all(
        re.fullmatch(r'0|-?[1-9]\d{0,15}', text) and abs(int(text)) < _MOST_ID for text in different
    ):
        return {text: int(text) for text in different}
    return {text: number for number, text in enumerate(different, start=1)}


# --- annotations


def _read_annotations(
    entries: list[dict], numbers_of: dict[str, int], people: People, needs_area: bool
) -> list[tuple[dict, dict]]:
    """Annotations that can be used: as the file has them, and in their normal form."""
    lengths = Counter(len(numbers(entry.get('keypoints')) or ()) // 3 for entry in entries)
    lengths.pop(0, None)
    count = len(people.names) or (lengths.most_common(1)[0][0] if lengths else 0)
    sizes: dict[int, Size | None] = {}
    with_polygons = set()  # images of which somebody has a segmentation
    for image in people.document['images']:
        sizes[image['id']] = size_of(image)
    for entry in entries:
        if isinstance(entry.get('segmentation'), list):
            with_polygons.add(id_text(entry.get('image_id')))
    usable, lost, num_fractions = [], defaultdict(list), 0
    for entry in entries:
        text = id_text(entry.get('image_id'))
        number = numbers_of.get(text)
        person = Person(entry, people.names, count, sizes.get(number), needs_area)
        if in_fractions(person.labelled):
            num_fractions += 1
            people.unusable['annotations'].append(entry)
            continue
        problems = person.problems
        if 'image_id' not in entry or text is None or type(entry['image_id']) is not int:
            problems.insert(0, _image_id_problem(entry, malformed=text is None))
        if text in with_polygons and entry.get('segmentation') is None:
            message = 'missing, but others of its image have polygons: expected [] at least'
            where = 'annotation', entry.get('id'), 'segmentation'
            problems.append(Problem('missing segmentation', *where, message, mended=True))
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
        message = f'annotations {some(ids, 5)} name it'
        people.problems.append(
            Problem('no such image', 'image', text, 'id', message, malformed=True)
        )
    return usable


def _image_id_problem(entry: dict, malformed: bool) -> Problem:
    kind, message = 'missing field', 'expected the id of an image'
    if 'image_id' in entry:
        kind, message = 'image_id', f'expected a whole number, got {entry["image_id"]!r:.40}'
    where = 'annotation', entry.get('id'), 'image_id'
    return Problem(kind, *where, message, malformed, mended=not malformed)


def _number_annotations(annotations: list[tuple[dict, dict]], people: People) -> None:
    """Gives all new ids where any is none, or that of another one.

    COCO's evaluation takes the number 0 for nobody, and who shares an id for one person.
    """
    seen = Counter()
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
        people.problems.append(Problem(kind, 'annotation', None, 'id', message, mended=True))
    for key, times in seen.items():
        if times > 1:
            good = False
            message = f'{times} times'
            people.problems.append(
                Problem('duplicate id', 'annotation', key, 'id', message, mended=True)
            )
    if not good:
        for number, (_, fields) in enumerate(annotations, start=1):
            fields['id'] = number
