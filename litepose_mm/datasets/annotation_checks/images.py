"""Checks of one image: its entry, its picture, and whether its people fit into it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import LitePoseError
from ...media import image_size, read_image
from .problem import Problem
from .values import Size, is_box, is_inside, is_number, size_of, triples


def check_image(
    image: dict,
    people: list[dict],
    folder: Path | None = None,
    decode: bool = False,
    crowdpose: bool = False,
) -> Iterator[Problem]:
    """Everything that is wrong with an image.

    Args:
        image: Its entry, with an id.
        people: Its annotations.
        folder: Where the pictures are, to look at this one.
        decode: Reads the picture to its end.
        crowdpose: Whether it needs a ``crowdIndex``, how crowded it is from 0 to 1.
    """

    def problem(kind: str, field: str, message: str, malformed: bool = False) -> Problem:
        return Problem(kind, 'image', image['id'], field, message, malformed, image)

    for field in ('file_name', 'width', 'height'):
        if field not in image:
            yield problem('missing field', field, 'expected one', malformed=True)
    name = image.get('file_name', '')
    if not isinstance(name, str):
        text = f'expected a string, got {name}'
        yield problem('file_name', 'file_name', text, malformed=True)
    if crowdpose and not is_number(image.get('crowdIndex')):
        text = f'expected a number, got {image.get("crowdIndex")}'
        yield problem('crowdIndex', 'crowdIndex', text, malformed=True)
    size = size_of(image)
    if size is None and {'width', 'height'} <= set(image):
        given = image['width'], image['height']
        text = f'expected two positive numbers, got {given}'
        yield problem('size', 'width, height', text)
    if folder is not None and name and isinstance(name, str):
        path = folder / name
        if not path.exists():
            yield problem('missing image', 'file_name', f'no file {path}', malformed=True)
            return
        try:
            real = picture_size(path, decode)
        except LitePoseError as error:
            yield problem('broken image', 'file_name', str(error), malformed=True)
            return
        if size is not None and real != size:
            how = 'swapped' if real == size[::-1] else 'wrong'
            yield problem('size', 'width, height', f'{how}: file {size}, picture {real}')
    elif size is not None and num_fitting(people, size[::-1]) > num_fitting(people, size):
        text = f'swapped, it seems: people fit into {size[::-1]}, not into {size}'
        yield problem('size', 'width, height', text)


def picture_size(path: Path, decode: bool = False) -> tuple[int, int]:
    """Width and height of a picture as training loads it, from its header.

    Args:
        path: The file.
        decode: Reads it to its end.

    Raises:
        LitePoseError: It is missing, broken or no picture.
    """
    return read_image(path).shape[1::-1] if decode else image_size(path)


def num_fitting(people: list[dict], size: Size) -> int:
    """How many people lie to the left of and above a picture's lower right corner."""
    fitting = 0
    for person in people:
        corners = [point[:2] for point in triples(person.get('keypoints')) if point[2] > 0]
        box = person.get('bbox')
        if is_box(box):
            corners.append((box[0] + box[2], box[1] + box[3]))
        fitting += all(is_inside((0, 0, *corner), size) for corner in corners)
    return fitting
