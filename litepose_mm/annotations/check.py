"""Check a whole file and fix mechanical errors."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from ..errors import LitePoseError
from .crowding import crowd_index
from .images import check_image
from .keypoints import arrange, match_keypoints, other_names
from .people import normalise
from .problem import Problem
from .values import is_inside, is_number, size_of, triples


class Check:
    """Finds all problems of a file.

    Args:
        document: The result of :func:`read_annotations`; it is not modified.
        images: Folder of the images, to check that they exist and to compare their sizes.
        names: Names of the expected keypoints; those of the file by default.
        decode: Whether to decode every image completely.
        crowdpose: Whether results are evaluated by CrowdPose's rule, which uses each image's
            ``crowdIndex`` and no areas. By default, this is the case if any image has one.

    Attributes:
        problems: The problems found, in order.
    """

    def __init__(
        self,
        document: dict,
        images: Path | None = None,
        names: Sequence[str] | None = None,
        decode: bool = False,
        crowdpose: bool | None = None,
    ) -> None:
        if crowdpose is None:
            entries = document['images']
            crowdpose = any(isinstance(each, dict) and 'crowdIndex' in each for each in entries)
        self._people = normalise(document, names, needs_area=not crowdpose)
        self._folder = images
        self._given = document
        self.problems = list(self._people.problems)
        self._lost: set[int] = set()  # images that cannot be used
        self._sizes: dict[int, tuple[float, float]] = {}
        by_image = defaultdict(list)
        for annotation in self._people.document['annotations']:
            by_image[annotation['image_id']].append(annotation)
        if names is not None:
            self._check_names(names)
        for image in self._people.document['images']:
            self._check_image(image, by_image[image['id']], decode, crowdpose)
            self._check_outside(by_image[image['id']], size_of(image))

    def fixed(self, drop: bool = False) -> tuple[dict, dict[str, int]]:
        """Returns the contents of the file with all fixable problems fixed.

        Args:
            drop: Whether to leave out images and annotations that cannot be used.

        Returns:
            The contents, and the number of entries that were changed or left out, by action.
        """
        document = dict(self._people.document)
        done = Counter(f'{problem.field} fixed' for problem in self.problems if problem.fixed)
        for image in document['images']:
            if image['id'] in self._sizes:
                image['width'], image['height'] = self._sizes[image['id']]
                done['sizes fixed'] += 1
        if drop:
            document['images'] = [i for i in document['images'] if i['id'] not in self._lost]
            document['annotations'] = [
                a for a in document['annotations'] if a['image_id'] not in self._lost
            ]
        for field, entries in self._people.unusable.items():
            if drop:
                left_out = len(self._given[field]) - len(document[field])
                done[f'{field} left out'] = left_out
            else:
                document[field] = [*document[field], *entries]
        return document, {what: count for what, count in done.items() if count}

    def _add(
        self, kind: str, where: str, own_id: int | None, field: str, text: str, **how: bool
    ) -> None:
        self.problems.append(Problem(kind, where, own_id, field, text, **how))

    def _check_names(self, names: Sequence[str]) -> None:
        people = self._people
        own = list(people.names)
        try:
            arrange(people.document, names)
        except LitePoseError as error:
            self._add('names', 'file', None, 'categories', str(error), malformed=True)
            return
        renamed = other_names(own, names)
        if renamed:
            self._add('names', 'file', None, 'categories', renamed, fixed=True)
        elif own and match_keypoints(own, names) != list(range(len(own))):
            text = f'expected {", ".join(names)} in this order, got {", ".join(own)}'
            self._add('names', 'file', None, 'categories', text, fixed=True)

    def _check_image(self, image: dict, people: list[dict], decode: bool, crowdpose: bool) -> None:
        own_id, name = image['id'], image['file_name']
        if crowdpose and not is_number(image.get('crowdIndex')):
            text = f'expected a number, got {image.get("crowdIndex")!r:.40}'
            self._add('crowdIndex', 'image', own_id, 'crowdIndex', text, fixed=True)
            image['crowdIndex'] = crowd_index(people)
        if '\\' in name and not (self._folder and Path(self._folder, name).exists()):
            text = f'expected / between folders, got {name}'
            self._add('file_name', 'image', own_id, 'file_name', text, fixed=True)
            image['file_name'] = name.replace('\\', '/')
        fault, size = check_image(image, people, self._folder, decode)
        if fault is not None:
            kind, field, text = fault
            lost = size is None
            self._add(kind, 'image', own_id, field, text, malformed=lost)
            if lost:
                self._lost.add(own_id)
        if size is not None:
            self._sizes[own_id] = size

    def _check_outside(self, people: list[dict], size: tuple[float, float] | None) -> None:
        for person in people:
            outside = [
                f'{index} at {(x, y)}'
                for index, (x, y, v) in enumerate(triples(person['keypoints']))
                if v > 0 and not is_inside((x, y, 0, 0), size)
            ]
            if outside:
                text = f'{", ".join(outside[:3])} in an image of {size}'
                self._add('keypoint outside', 'annotation', person['id'], 'keypoints', text)
            box = person['bbox']
            if min(box[2:]) > 0 and not is_inside(box, size):
                text = f'{box} in an image of {size}'
                self._add('bbox outside', 'annotation', person['id'], 'bbox', text)
