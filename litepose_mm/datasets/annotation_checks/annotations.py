"""Rules for one annotation, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from .problem import Problem
from .segmentation import find_fault
from .values import Size, are_numbers, has_id, is_box, is_id, is_inside, is_number, triples

# CrowdPose does not count these in num_keypoints.
_NOT_COUNTED = ('head', 'top_head', 'neck')


class Expected(NamedTuple):
    """What an annotation has to fit.

    Attributes:
        names: Names of the keypoints; empty where they are not known.
        size: Width and height of its image; None where they are not known.
        categories: Their ids; empty where they are not known.
        area: Whether there has to be one.
    """

    names: tuple[str, ...]
    size: Size | None
    categories: frozenset = frozenset()
    area: bool = True


class Rule(NamedTuple):
    """What must hold for a field.

    Attributes:
        kind: The kind of problem where it does not hold.
        fields: The field it is about, and others it looks at. It is asked where all are there and
            none of them is known to be malformed.
        find: Called with what is expected and the fields' values; says what is wrong, or None.
        malformed: Whether the annotation cannot be used where it does not hold.
    """

    kind: str
    fields: tuple[str, ...]
    find: Callable[..., str | None]
    malformed: bool = False


def check_annotation(annotation: dict, expected: Expected) -> Iterator[Problem]:
    """Everything that is wrong with an annotation by itself."""

    own_id = annotation['id'] if has_id(annotation) else None

    def problem(kind: str, field: str, message: str, malformed: bool) -> Problem:
        return Problem(kind, 'annotation', own_id, field, message, malformed, annotation)

    for field, what in REQUIRED.items():
        if field not in annotation and (expected.area or field != 'area'):
            yield problem('missing field', field, f'expected {what}', malformed=True)
    usable = set(annotation)
    for kind, fields, find, malformed in RULES:
        if not usable.issuperset(fields):
            continue
        message = find(expected, *(annotation[field] for field in fields))
        if message is not None:
            yield problem(kind, fields[0], message, malformed)
            if malformed:
                usable.discard(fields[0])


def _no_id(expected: Expected, value: Any) -> str | None:
    return None if is_id(value) else f'expected a whole number, got {value!r}'


def _no_numbers(expected: Expected, keypoints: Any) -> str | None:
    return None if are_numbers(keypoints) else 'expected a list of finite numbers'


def _wrong_count(expected: Expected, keypoints: list) -> str | None:
    count = len(expected.names)
    if len(keypoints) == 3 * count or not (count or len(keypoints) % 3):
        return None
    wanted = f'3 for each of {count} keypoints' if count else 'x, y, v each'
    return f'expected {wanted}, got {len(keypoints)} numbers'


def _odd_visibility(expected: Expected, keypoints: list) -> str | None:
    odd = set(keypoints[2::3]) - {0, 1, 2}
    return f'expected v of 0, 1 or 2, got {sorted(odd)}' if odd else None


def _wrong_num_keypoints(expected: Expected, given: Any, keypoints: list) -> str | None:
    labelled = [v > 0 for v in keypoints[2::3]]
    counted = [v for v, name in zip(labelled, expected.names) if name not in _NOT_COUNTED]
    counts = (sum(labelled), sum(counted if expected.names else labelled))
    return None if given in counts else f'{given}, but {sum(labelled)} are labelled'


def _keypoints_outside(expected: Expected, keypoints: list) -> str | None:
    outside = [
        f'{index} at {(x, y)}'
        for index, (x, y, v) in enumerate(triples(keypoints))
        if v > 0 and not is_inside((x, y, 0, 0), expected.size)
    ]
    return f'{", ".join(outside[:3])} in a picture of {expected.size}' if outside else None


def _no_box(expected: Expected, box: Any) -> str | None:
    return None if is_box(box) else f'expected four finite numbers, got {box}'


def _empty_box(expected: Expected, box: list, num_keypoints: Any) -> str | None:
    return f'expected a positive size, got {box}' if num_keypoints and min(box[2:]) <= 0 else None


def _box_outside(expected: Expected, box: list) -> str | None:
    good = min(box[2:]) <= 0 or is_inside(box, expected.size)
    return None if good else f'{box} in a picture of {expected.size}'


def _other_category(expected: Expected, category_id: Any) -> str | None:
    if not expected.categories or category_id in expected.categories:
        return None
    return f'{category_id} is none of the categories {sorted(expected.categories)}'


def _odd_crowd(expected: Expected, iscrowd: Any) -> str | None:
    return None if is_number(iscrowd) and iscrowd in (0, 1) else f'expected 0 or 1, got {iscrowd}'


def _no_area(expected: Expected, area: Any) -> str | None:
    good = is_number(area) and area >= 0
    return None if good else f'expected a number of square pixels, got {area}'


def _bad_segmentation(expected: Expected, segmentation: Any) -> str | None:
    return find_fault(segmentation, expected.size)


#: Fields that have to be there, and what is expected. MMPose passes over an annotation without box
#: or keypoints, so that a crowd is not masked; xtcocotools fails without any of them, for CrowdPose
#: without any but the area.
REQUIRED = dict(
    image_id='the id of an image',
    category_id='the id of a category',
    bbox='x, y, width and height',
    keypoints='x, y, v for each; zeros for a crowd',
    num_keypoints='how many are labelled',
    iscrowd='0 or 1',
    area='square pixels, to evaluate with',
)

RULES: tuple[Rule, ...] = (
    Rule('image_id', ('image_id',), _no_id, malformed=True),
    Rule('keypoints', ('keypoints',), _no_numbers, malformed=True),
    Rule('keypoint count', ('keypoints',), _wrong_count, malformed=True),
    Rule('visibility', ('keypoints',), _odd_visibility),
    Rule('num_keypoints', ('num_keypoints', 'keypoints'), _wrong_num_keypoints),
    Rule('keypoint outside', ('keypoints',), _keypoints_outside),
    Rule('bbox', ('bbox',), _no_box, malformed=True),
    Rule('bbox', ('bbox', 'num_keypoints'), _empty_box),
    Rule('bbox outside', ('bbox',), _box_outside),
    Rule('category_id', ('category_id',), _no_id, malformed=True),
    Rule('category', ('category_id',), _other_category),
    Rule('iscrowd', ('iscrowd',), _odd_crowd, malformed=True),
    Rule('area', ('area',), _no_area, malformed=True),
    Rule('segmentation', ('segmentation',), _bad_segmentation, malformed=True),
)
