"""Read the boxes of people on many images from a file in COCO's format."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from ..errors import LitePoseError

_PERSON = 1  # COCO's category, in files that name none


class BoxFile:
    """Boxes of people by image.

    The file is a list of COCO's detection results, with ``image_id``, ``bbox`` (left, top, width,
    height) and, optionally, ``category_id`` and ``score``; or an annotation file, or the
    ``results.json`` of ``litepose predict``, whose images have names.

    An image of a list belongs to a file that is called like its ``image_id``, or whose name ends
    with this number, as in COCO: ``000000000139.jpg``. Images that a list lacks have nobody on
    them.

    Args:
        path: The file.
        min_score: Boxes with a lower score are left out.

    Raises:
        LitePoseError: The file cannot be read, or has another format.
    """

    def __init__(self, path: str | Path, min_score: float = 0.0) -> None:
        self.path = Path(path)
        document = self._read()
        entries, person, self._names = document, _PERSON, None
        if isinstance(document, dict):
            entries = document.get('annotations')
            person = _person(document.get('categories'))
            self._names = self._named(document.get('images'))
        if not isinstance(entries, list):
            raise self._error('a list of boxes, or a mapping with images and annotations')
        self._boxes: dict[str, list[list[float]]] = defaultdict(list)
        for number, entry in enumerate(entries):
            key, box, score = self._entry(number, entry)
            if entry.get('category_id', person) != person or entry.get('iscrowd'):
                continue
            boxes = self._boxes[key]  # an image of which all boxes are weak is known, too
            if score >= min_score:
                boxes.append([box[0], box[1], box[0] + box[2], box[1] + box[3]])

    def boxes_of(self, image: str | Path) -> np.ndarray:
        """Returns the boxes on an image, left, top, right and bottom ``(N, 4)``; N may be 0.

        Raises:
            LitePoseError: The file names its images, but none or several of them like this.
        """
        key = self._key(PurePath(image))
        return np.array(self._boxes.get(key, []), dtype=np.float32).reshape(-1, 4)

    def check_images(self, images: Sequence[str | Path]) -> None:
        """Checks that boxes belong to at least one of the images.

        Raises:
            LitePoseError: They belong to none.
        """
        if self._names is None and not any(self._key(PurePath(each)) for each in images):
            known = ', '.join(list(self._boxes)[:3]) or 'none'
            raise self._error(
                f'the number of an image as image_id, such as that in {PurePath(images[0]).name}',
                known,
            )

    def _key(self, image: PurePath) -> str:
        if self._names is None:
            number = re.search(r'[0-9]+$', image.stem)
            keys = [str(image), image.name, image.stem]
            keys += [str(int(number[0]))] if number else []
            return next((key for key in keys if key in self._boxes), '')
        alike = self._names.get(image.name, [])
        if len(alike) > 1:  # of several folders
            alike = [(parts, key) for parts, key in alike if image.parts[-len(parts) :] == parts]
        if len(alike) != 1:
            raise self._error(f'one image {image}', str(len(alike)))
        return alike[0][1]

    def _named(self, images: Any) -> dict[str, list[tuple[tuple[str, ...], str]]]:
        names = defaultdict(list)
        entries: list[Any] = images if isinstance(images, list) else [None]
        for entry in entries:
            try:
                path = PurePath(entry['file_name'].replace('\\', '/'))
                names[path.name].append((path.parts, str(entry['id'])))
            except (TypeError, KeyError, AttributeError):
                raise self._error('images with id and file_name', _short(entry)) from None
        return names

    def _entry(self, number: int, entry: Any) -> tuple[str, list[float], float]:
        try:
            key, score = str(entry['image_id']), float(entry.get('score', 1.0))
            box = [float(side) for side in entry['bbox']]
            if len(box) == 4 and all(map(math.isfinite, (*box, score))):
                return key, box, score
        except (TypeError, ValueError, KeyError, AttributeError):
            pass
        raise self._error(
            'image_id, bbox of four numbers and, optionally, score in every entry',
            f'{_short(entry)} (number {number})',
        )

    def _read(self) -> Any:
        try:
            return json.loads(self.path.read_bytes())
        except OSError as error:
            raise LitePoseError(f'boxes: cannot read {self.path}: {error.strerror}') from error
        except (ValueError, RecursionError) as error:
            raise self._error('JSON', f'something else ({error})') from error

    def _error(self, expected: str, got: str = 'something else') -> LitePoseError:
        return LitePoseError(f'boxes: expected {expected} in {self.path}, got {got}')


def _person(categories: Any) -> Any:
    for category in categories if isinstance(categories, list) else []:
        if isinstance(category, dict) and category.get('name') == 'person':
            return category.get('id')
    return _PERSON


def _short(value: Any) -> str:
    text = ' '.join(repr(value).split())
    return text if len(text) <= 100 else f'{text[:100]} …'
