"""Finding the pictures and videos that a user means."""

from __future__ import annotations

import glob
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import LitePoseError

IMAGE_SUFFIXES = frozenset(
    {'.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.ppm', '.pgm'}
)
VIDEO_SUFFIXES = frozenset({'.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg'})


@dataclass(frozen=True)
class MediaFile:
    """A picture or video to read.

    Args:
        path: Where it is.
        name: Its path below the folder it was found in, with '/'. No two files of one
            :func:`find_media` share a name, not even without the suffix.
    """

    path: Path
    name: str

    @property
    def is_video(self) -> bool:
        """Whether the suffix is that of a video."""
        return self.path.suffix.lower() in VIDEO_SUFFIXES


def find_media(inputs: Iterable[str | Path], recursive: bool = False) -> list[MediaFile]:
    """Lists the pictures and videos that paths, folders and patterns such as ``'*.jpg'`` stand for.

    A file that is named is taken whatever its suffix; in folders and patterns known suffixes count
    and hidden files do not. Each file comes once, in the order of ``inputs``, folders sorted.

    Args:
        inputs: Files, folders or patterns.
        recursive: Looks into the folders of folders too.

    Raises:
        LitePoseError: An input does not exist or holds neither picture nor video.
    """
    found: dict[Path, MediaFile] = {}
    taken: set[str] = set()
    for given in inputs:
        for path, root in _expand(str(given), recursive):
            key = path.resolve()
            if key not in found:
                name = _unique_name(path.relative_to(root).as_posix(), taken)
                found[key] = MediaFile(path, name)
    return list(found.values())


def _expand(given: str, recursive: bool) -> list[tuple[Path, Path]]:
    """Returns (file, folder that its name is relative to)."""
    path = Path(given)
    try:
        if path.is_file():
            return [(path, path.parent)]
        if path.is_dir():
            files = path.glob('**/*' if recursive else '*')
            found = sorted((file, path) for file in files if _is_media(file, path))
            hint = '' if recursive else '; folders in it are not looked into'
        elif glob.has_magic(given):
            files = map(Path, glob.glob(given, recursive=True))
            found = sorted((file, file.parent) for file in files if _is_media(file, file.parent))
            hint = ''
        else:
            raise LitePoseError(f'expected a file, folder or pattern, but there is no {given!r}')
    except OSError as error:
        raise LitePoseError(f'cannot look at the input {given!r}: {error.strerror}') from error
    if not found:
        known = ' '.join(sorted(IMAGE_SUFFIXES | VIDEO_SUFFIXES))
        raise LitePoseError(
            f'expected pictures or videos at {given!r}, found none{hint} (known: {known})'
        )
    return found


def _is_media(path: Path, root: Path) -> bool:
    hidden = any(part.startswith('.') for part in path.relative_to(root).parts)
    known = path.suffix.lower() in IMAGE_SUFFIXES | VIDEO_SUFFIXES
    return known and not hidden and path.is_file()


def _unique_name(name: str, taken: set[str]) -> str:
    pure, number = PurePosixPath(name), 1
    candidate = pure
    while str(candidate.with_suffix('')).lower() in taken:  # some file systems ignore case
        number += 1
        candidate = pure.with_name(f'{pure.stem}_{number}{pure.suffix}')
    taken.add(str(candidate.with_suffix('')).lower())
    return str(candidate)
