"""Checks of one image: its file, its size, and whether its people fit into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import LitePoseError
from ..media import image_size, read_image
from .values import Size, image_path, is_inside, numbers, size_of, triples


def check_image(
    image: dict, people: Sequence[dict], folder: Path | None = None, decode: bool = False
) -> tuple[tuple[str, str, str] | None, Size | None]:
    """Looks for the first thing that is wrong.

    Args:
        image: Its entry in the normal form.
        people: Its annotations.
        folder: Where the images are, to look at this one.
        decode: Reads the image to its end.

    Returns:
        Kind, field and message, or None; and its right size, where it is another than the file's.
    """
    size = size_of(image)
    if folder is not None:
        path = image_path(folder, image['file_name'])
        if not path.exists():
            return ('missing image', 'file_name', f'no file {path}'), None
        try:
            real = size_of_image(path, decode)
        except LitePoseError as error:
            return ('broken image', 'file_name', str(error)), None
        if size is None:
            return None, real
        if real != size:
            how = 'swapped' if real == size[::-1] else 'wrong'
            return ('size', 'width, height', f'{how}: file {size}, image {real}'), real
    elif size is not None and num_fitting(people, size[::-1]) > num_fitting(people, size):
        text = f'swapped, it seems: people fit into {size[::-1]}, not into {size}'
        return ('size', 'width, height', text), size[::-1]
    return None, None


def size_of_image(path: Path, decode: bool = False) -> tuple[int, int]:
    """Width and height of an image as training loads it, from its header.

    Args:
        path: The file.
        decode: Reads it to its end.

    Raises:
        LitePoseError: It is missing, broken or no image.
    """
    return read_image(path).shape[1::-1] if decode else image_size(path)


def num_fitting(people: Sequence[dict], size: Size) -> int:
    """How many people lie to the left of and above an image's lower right corner."""
    fitting = 0
    for person in people:
        flat, box = (numbers(person.get(field)) or [] for field in ('keypoints', 'bbox'))
        corners = [(x, y) for x, y, v in triples(flat) if v > 0]
        if len(box) == 4:
            corners.append((box[0] + box[2], box[1] + box[3]))
        fitting += all(is_inside((0, 0, *corner), size) for corner in corners)
    return fitting
