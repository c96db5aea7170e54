"""Find the categories of a file that are people with keypoints."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from ..errors import some
from .problem import Problem
from .values import id_text

#: Results have no class; COCO's evaluation assigns them to this category.
CATEGORY = 1


def read_categories(
    listed: Any, entries: list[dict], names: Sequence[str] | None = None
) -> tuple[dict, list[dict], list[Problem]]:
    """Merges the categories of people into one.

    All categories with the same keypoints are people. Categories without keypoints are ignored:
    they stand for other objects, super categories or labels of boxes.

    Args:
        listed: The file's categories.
        entries: The file's annotations.
        names: Names of the expected keypoints, to choose among categories with different ones.

    Returns:
        The category, the annotations of people, and the problems found.
    """
    listed = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    by_id = {key: each for each in listed if (key := id_text(each.get('id'))) is not None}
    named = {key for key, each in by_id.items() if names_of(each)}
    used = {id_text(entry.get('category_id')) for entry in entries if entry.get('keypoints')}
    kinds = defaultdict(list)  # ids of the categories with the same keypoints
    for key in by_id:
        if key in named and (key in used or not used & named):
            kinds[tuple(map(plain_name, names_of(by_id[key])))].append(key)
    wanted = tuple(map(plain_name, names or ()))
    chosen = kinds.get(wanted) or next(iter(kinds.values()), [])
    own = by_id[chosen[0]] if chosen else {}
    problems = []

    def tell(message: str, kind: str = 'categories', malformed: bool = False) -> None:
        how = dict(malformed=malformed, fixed=not malformed)
        problems.append(Problem(kind, 'file', None, 'categories', message, **how))

    if not listed:
        tell('expected at least one', 'missing field')
    if len(kinds) > 1 and wanted not in kinds:
        each = [str(by_id[keys[0]].get('name')) for keys in kinds.values()]
        tell(f'expected the same keypoints in all, but {some(each)} differ', malformed=True)
    elif len(chosen) > 1:
        tell(f'expected one with keypoints, got {len(chosen)}, which are merged')
    elif chosen and own['id'] != CATEGORY:
        tell(f'{own.get("name")} has the id {own["id"]!r:.40}, expected {CATEGORY}')
    foreign = named.difference(chosen)
    people = []
    for entry in entries:
        key = id_text(entry.get('category_id'))
        other = chosen and key in by_id and key not in chosen and not entry.get('keypoints')
        if key in foreign or other:
            continue
        people.append(entry)
        if key is None or (by_id and key not in by_id):
            problems.append(_unknown(entry, list(by_id)))
    return (
        dict(own, id=CATEGORY, name=own.get('name', 'person'), keypoints=names_of(own)),
        people,
        problems,
    )


def _unknown(entry: dict, known: list[str]) -> Problem:
    kind, message = 'missing field', 'expected the id of a category'
    if 'category_id' in entry:
        given = entry['category_id']
        kind, message = (
            'category',
            f'expected one of the categories {some(known)}, got {given!r:.40}',
        )
        if id_text(given) is None:
            kind, message = 'category_id', f'expected a whole number, got {given!r:.40}'
    return Problem(kind, 'annotation', entry.get('id'), 'category_id', message, fixed=True)


def names_of(category: dict) -> list[str]:
    """Returns the names of a category's keypoints; empty if it has none."""
    names = category.get('keypoints')
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return names
    return []


def plain_name(name: str) -> str:
    """Normalises the spelling of a keypoint's name: 'Left Eye' and 'left-eye' to ``left_eye``."""
    return re.sub(r'[\W_]+', '_', name.lower()).strip('_')
