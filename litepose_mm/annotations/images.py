"""Check the file and the size of an image, and whether its people fit into it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import LitePoseError
from ..media import image_size, read_image
from .values import Size, image_path, is_inside, numbers, size_of, triples


def check_image(
    image: dict, people: Sequence[dict], folder: Path | None = None, decode: bool = False
) -> tuple[tuple[str, str, str] | None, Size | None]:
    """Finds the first problem of an image.

    Args:
        image: The image's entry in the normal form.
        people: The image's annotations.
        folder: Folder of the images, to check this one.
        decode: Whether to decode the image completely.

    Returns:
        Kind, field and message of the problem, or None; and the correct (width, height) if the
        file's differ.
    """
    size = size_of(image)
    if folder is not None:
        path = image_path(folder, image['file_name'])
        if not path.exists():
            return ('missing image', 'file_name', f'there is no file {path}'), None
        try:
            real = size_of_image(path, decode)
        except LitePoseError as error:
            return ('broken image', 'file_name', str(error)), None
        if size is None:
            return None, real
        if real != size:
            how = 'swapped' if real == size[::-1] else 'wrong'
            text = f'{how}: the file says {size}, the image has {real}'
            return ('size', 'width, height', text), real
    elif size is not None and num_fitting(people, size[::-1]) > num_fitting(people, size):
        text = f'apparently swapped: people fit into {size[::-1]}, but not into {size}'
        return ('size', 'width, height', text), size[::-1]
    return None, None


def size_of_image(path: Path, decode: bool = False) -> tuple[int, int]:
    """Returns the width and height of an image as training loads it.

    Args:
        path: The file.
        decode: Whether to decode the image completely rather than read its header.

    Raises:
        LitePoseError: The file is missing, broken or not an image.
    """
    if not decode:
        return image_size(path)
    height, width = read_image(path).shape[:2]
    return width, height


def num_fitting(people: Sequence[dict], size: Size) -> int:
    """Counts the people who lie to the left of and above an image's lower right corner."""
    fitting = 0
    for person in people:
        flat, box = (numbers(person.get(field)) or [] for field in ('keypoints', 'bbox'))
        corners = [(x, y) for x, y, v in triples(flat) if v > 0]
        if len(box) == 4:
            corners.append((box[0] + box[2], box[1] + box[3]))
        fitting += all(is_inside((0, 0, *corner), size) for corner in corners)
    return fitting
