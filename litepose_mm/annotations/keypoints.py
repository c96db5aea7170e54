"""Arrange the keypoints of a file in the order of a data set or a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ..errors import LitePoseError, some
from .categories import plain_name
from .values import triples

_CROWDPOSE = ('head', 'top_head')  # the same keypoint in its files and in MMPose

Missing = Literal['refused', 'unlabelled', 'left out']


def match_keypoints(own: Sequence[str], names: Sequence[str]) -> list[int | None]:
    """Finds each of ``names`` among the keypoints of a file.

    Keypoints are matched by name, regardless of spelling. If the file has the same number of
    keypoints and all matches have the same positions, the others are assumed to be the same
    keypoints with other names.

    Args:
        own: Names of the file's keypoints.
        names: Expected names.

    Returns:
        The index of each name in the file; None if the file lacks it.
    """
    place = {plain_name(name): index for index, name in enumerate(own)}
    order = [place.get(plain_name(name)) for name in names]
    if len(own) == len(names) and all(at in (None, index) for index, at in enumerate(order)):
        return list(range(len(names)))
    return order


def other_names(own: Sequence[str], names: Sequence[str]) -> str | None:
    """Describes keypoints that :func:`match_keypoints` matches despite other names, if any."""
    order = match_keypoints(own, names)
    pairs = [
        f'{own[place]} as {name}'
        for place, name in zip(order, names)
        if place is not None
        and plain_name(own[place]) != plain_name(name)
        and (own[place], name) != _CROWDPOSE
    ]
    if not pairs:
        return None
    return (
        f'keypoints whose names differ are matched by their order: {some(pairs, 20)}; if that is '
        'wrong, correct the names in the file'
    )


def arrange(document: dict, names: Sequence[str], missing: Missing = 'refused') -> None:
    """Gives every person the keypoints ``names``, in place.

    Args:
        document: The result of :func:`read_people`.
        names: Expected names.
        missing: How to treat keypoints that the file lacks: they are ``'refused'``,
            ``'unlabelled'`` or ``'left out'``.

    Raises:
        LitePoseError: The file has other keypoints.
    """
    people, (category,) = document['annotations'], document['categories']
    own = category['keypoints']
    if not own:  # as in CrowdPose's files
        count = len(people[0]['keypoints']) // 3 if people else len(names)
        own = list(names) if count == len(names) else [f'number {n}' for n in range(count)]
    order = match_keypoints(own, names)
    lacking = [name for name, place in zip(names, order) if place is None]
    if lacking and (missing == 'refused' or len(lacking) == len(names)):
        text = f'expected keypoints {some(names, 20)}, got {some(own, 20)}'
        if len(lacking) < len(names):
            text += (
                f', which lack {some(lacking)} (tools/dataset_converters/combine_annotations.py '
                'adds these as unlabelled)'
            )
        raise LitePoseError(text)
    if missing == 'left out':
        names = [name for name in names if name not in lacking]
        order = [place for place in order if place is not None]
    category['keypoints'] = list(names)
    if order == list(range(len(own))):
        return
    for person in people:
        points = triples(person['keypoints'])
        chosen = [(0, 0, 0) if place is None else points[place] for place in order]
        person['keypoints'] = [value for point in chosen for value in point]
        person['num_keypoints'] = sum(v > 0 for _, _, v in chosen)
