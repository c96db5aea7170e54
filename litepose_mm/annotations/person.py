"""Convert one annotation into the normal form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .problem import Problem
from .segmentation import find_fault
from .values import Size, box_area, is_number, number, numbers, triples

# CrowdPose does not count these in num_keypoints.
_NOT_COUNTED = ('head', 'top_head', 'neck')

_REQUIRED = dict(
    iscrowd='0 or 1',
    keypoints='x, y, v for each; zeros for a crowd',
    num_keypoints='the number of labelled keypoints',
    bbox='x, y, width and height',
    area='square pixels, for the evaluation',
)


class Person:
    """Reads one annotation.

    Args:
        entry: The annotation as it is in the file.
        names: Names of the file's keypoints; empty if unknown.
        count: Number of keypoints of every person.
        size: Width and height of the image; None if unknown.
        needs_area: Whether a missing area is a problem.

    Attributes:
        fields: The annotation in its normal form.
        problems: The problems found.
        labelled: x and y of the labelled keypoints.
    """

    def __init__(
        self,
        entry: dict,
        names: Sequence[str],
        count: int,
        size: Size | None,
        needs_area: bool = True,
    ) -> None:
        self.entry, self.names, self.count, self.size = entry, names, count, size
        self.fields = dict(entry)
        self.problems: list[Problem] = []
        self.labelled: list[tuple[float, float]] = []
        for field, expected in _REQUIRED.items():
            if field not in entry and (needs_area or field != 'area'):
                self._fixed('missing field', field, f'expected {expected}')
        self._read_iscrowd()
        self._read_keypoints()
        if not self.malformed:
            self._read_num_keypoints()
            self._read_bbox()
            self._read_area()
        self._read_segmentation()

    @property
    def malformed(self) -> bool:
        """Whether the annotation cannot be used."""
        return any(problem.malformed for problem in self.problems)

    def _add(self, kind: str, field: str, message: str, **how: bool) -> None:
        own_id = self.entry.get('id')
        own_id = own_id if isinstance(own_id, (int, float, str)) else None
        self.problems.append(Problem(kind, 'annotation', own_id, field, message, **how))

    def _fixed(self, kind: str, field: str, message: str) -> None:
        self._add(kind, field, message, fixed=True)

    def _malformed(self, kind: str, field: str, message: str) -> None:
        self._add(kind, field, message, malformed=True)

    def _read_iscrowd(self) -> None:
        given = self.entry.get('iscrowd', 0)
        crowd = int(given) if isinstance(given, bool) else number(given)
        if crowd not in (0, 1):
            self._malformed('iscrowd', 'iscrowd', f'expected 0 or 1, got {given!r:.40}')
        else:
            self.fields['iscrowd'] = int(crowd)

    def _read_keypoints(self) -> None:
        given: Any = self.entry.get('keypoints')
        if given in (None, []) and not number(self.entry.get('num_keypoints')):
            if given == [] or 'keypoints' in self.entry:
                self._fixed('keypoints', 'keypoints', f'expected {3 * self.count} zeros at least')
            self.fields['keypoints'] = [0, 0, 0] * self.count
            return
        flat = numbers(given)
        if flat is None:
            self._malformed('keypoints', 'keypoints', 'expected a list of finite numbers')
            return
        if len(flat) != 3 * self.count:
            wanted = f'3 numbers for each of {self.count} keypoints' if self.count else 'x, y, v'
            text = f'expected {wanted}, got {len(flat)} numbers'
            self._malformed('keypoint count', 'keypoints', text)
            return
        if flat is not given:
            text = 'expected a flat list of numbers, got nested lists or strings'
            self._fixed('keypoints', 'keypoints', text)
        odd = {v for v in flat[2::3] if not (0 <= v <= 1 or v == 2)}
        if odd:
            text = f'expected a visibility of 0, 1 or 2, or a probability, got {sorted(odd)[:5]}'
            self._fixed('visibility', 'keypoints', text)
            flat = list(flat)
            flat[2::3] = [min(int(max(v, 0)), 2) if v in odd else v for v in flat[2::3]]
        self.fields['keypoints'] = flat
        self.labelled = [(x, y) for x, y, v in triples(flat) if v > 0]

    def _read_num_keypoints(self) -> None:
        labelled = [v > 0 for v in self.fields['keypoints'][2::3]]
        counted = [v for v, name in zip(labelled, self.names) if name not in _NOT_COUNTED]
        counts = (sum(labelled), sum(counted if self.names else labelled))
        given = self.entry.get('num_keypoints', counts[0])
        value = number(given)
        if value is None or value not in counts:
            text = f'expected {counts[0]}, as many as are labelled, got {given!r:.40}'
            self._fixed('num_keypoints', 'num_keypoints', text)
            value = counts[0]
        self.fields['num_keypoints'] = int(value)

    def _read_bbox(self) -> None:
        given = self.entry.get('bbox')
        box = numbers(given)
        if box is not None and len(box) != 4:
            box = None
        if 'bbox' in self.entry and box is None:
            text = f'expected four finite numbers, got {given!r:.60}'
            self._fixed('bbox', 'bbox', text)
        if box is not None and self.labelled and min(box[2:]) < 1:
            text = f'expected a width and height of at least one pixel, got {box}'
            self._fixed('bbox', 'bbox', text)
            box = None
        self.fields['bbox'] = _box_around(self.labelled) if box is None else box

    def _read_area(self) -> None:
        given = self.entry.get('area')
        area = number(given)
        # People without keypoints are not evaluated, and tools write 0 for them.
        good = area is not None and area >= (1 if self.fields['num_keypoints'] else 0)
        if 'area' in self.entry and not (good and is_number(given)):
            text = f'expected at least 1 square pixel, got {given!r:.40}'
            self._fixed('area', 'area', text)
        self.fields['area'] = area if good else max(box_area(self.fields['bbox']), 1)

    def _read_segmentation(self) -> None:
        given = self.entry.get('segmentation')
        fault = find_fault(given, self.size)
        if fault:
            self._malformed('segmentation', 'segmentation', fault)
        self.fields['segmentation'] = [] if given is None else given


def _box_around(points: Sequence[tuple[float, float]]) -> list[float]:
    """Returns the box around points, of at least one pixel; all zeros if there are none."""
    if not points:
        return [0, 0, 0, 0]
    xs, ys = zip(*points)
    return [min(xs), min(ys), max(max(xs) - min(xs), 1), max(max(ys) - min(ys), 1)]
