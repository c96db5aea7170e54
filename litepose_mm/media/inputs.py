"""Finding the images and videos that a user means."""

from __future__ import annotations

import glob
import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..errors import LitePoseError, some
from .images import HAS_AVIF, is_image
from .videos import VideoReader

IMAGE_SUFFIXES = frozenset(
    [
        '.jpg',
        '.jpeg',
        '.jpe',
        '.jfif',
        '.mpo',
        '.png',
        '.apng',
        '.bmp',
        '.webp',
        '.tif',
        '.tiff',
        '.ppm',
        '.pgm',
        '.gif',
        '.jp2',
    ]
    + ['.avif'] * HAS_AVIF
)
_TRANSPORT_STREAMS = frozenset({'.ts', '.mts', '.m2ts'})  # the first two are TypeScript's, too
VIDEO_SUFFIXES = _TRANSPORT_STREAMS | frozenset(
    [
        '.mp4',
        '.m4v',
        '.mov',
        '.qt',
        '.3gp',
        '.3g2',
        '.avi',
        '.divx',
        '.mkv',
        '.webm',
        '.mpg',
        '.mpeg',
        '.m2v',
        '.vob',
        '.wmv',
        '.asf',
        '.flv',
        '.f4v',
        '.ogv',
        '.mxf',
    ]
)


@dataclass(frozen=True)
class MediaFile:
    """An image or video to read.

    Args:
        path: Where it is.
        name: Its path below the folder it was found in, with '/'. No two files of one
            :func:`find_media` share a name, not even without the suffix.
        is_video: Whether it is a video.
    """

    path: Path
    name: str
    is_video: bool


def find_media(inputs: Iterable[str | Path], recursive: bool = False) -> list[MediaFile]:
    """Lists the images and videos that paths, folders and patterns such as ``'*.jpg'`` stand for.

    A file that is named is taken whatever its suffix, and its content tells whether it is an image
    or a video. In folders and patterns known suffixes count, hidden files do not, and a warning
    tells how many files of other kinds there are. Each file comes once, in the order of
    ``inputs``, folders sorted.

    Args:
        inputs: Files, pipes, folders or patterns.
        recursive: Looks into the folders of folders too.

    Raises:
        LitePoseError: An input does not exist or holds neither image nor video.
    """
    found: dict[Path, MediaFile] = {}
    taken: set[str] = set()
    passed_over: set[Path] = set()
    for given in inputs:
        for path, root, is_video in _expand(str(given), recursive, passed_over):
            key = path.resolve()
            if key not in found:
                name = _unique_name(path.relative_to(root).as_posix(), taken)
                found[key] = MediaFile(path, name, is_video)
    passed_over = {path for path in passed_over if path.resolve() not in found}
    if passed_over:
        warnings.warn(f'passed over {_kinds(passed_over)}')
    return list(found.values())


def _expand(given: str, recursive: bool, passed_over: set[Path]) -> list[tuple[Path, Path, bool]]:
    """Returns (file, folder that its name is relative to, whether it is a video)."""
    path, found, others = Path(given), [], set()
    try:
        if path.is_file() or path.is_fifo():
            return [(path, path.parent, _is_video(path))]
        if path.is_dir():
            candidates = ((file, path) for file in path.glob('**/*' if recursive else '*'))
            hint = '' if recursive else '; folders in it are not looked into'
        elif glob.has_magic(given):
            files = map(Path, glob.glob(given, recursive=True))
            candidates = ((file, file.parent) for file in files)
            hint = ''
        else:
            raise LitePoseError(f'expected a file, folder or pattern, but there is no {given!r}')
        for file, root in sorted(candidates):
            if any(part.startswith('.') for part in file.relative_to(root).parts):
                continue
            if file.is_file():
                if _is_known(file):
                    found.append((file, root, file.suffix.lower() in VIDEO_SUFFIXES))
                else:
                    others.add(file)
    except OSError as error:
        raise LitePoseError(f'cannot look at the input {given!r}: {error.strerror}') from error
    if not found:
        known = ' '.join(sorted(IMAGE_SUFFIXES | VIDEO_SUFFIXES))
        only = f', only {_kinds(others)}' if others else ''
        raise LitePoseError(
            f'expected images or videos at {given!r}, found none{only}{hint} (known: {known})'
        )
    passed_over |= others
    return found


def _is_known(path: Path) -> bool:
    suffix = path.suffix.lower()
    if suffix in _TRANSPORT_STREAMS:
        with path.open('rb') as file:
            head = file.read(200)
        return head[:1] == head[188:189] == b'G' or head[4:5] == head[196:197] == b'G'
    return suffix in IMAGE_SUFFIXES | VIDEO_SUFFIXES


def _is_video(path: Path) -> bool:
    """Whether a file that was named is a video: its content tells, whatever its suffix."""
    if path.is_fifo():
        return True
    if is_image(path):
        return False
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return True
    try:
        VideoReader(path).close()
    except LitePoseError:
        return False
    return True


def _kinds(paths: Iterable[Path]) -> str:
    """How many files of which kinds these are."""
    counts = Counter(path.suffix.lower() or 'no suffix' for path in paths)
    number = counts.total()
    ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    kinds = some([f'{count} {kind}' for kind, count in ordered], most=5)
    return f'{number} file{"s" if number > 1 else ""} of other kinds ({kinds})'


def _unique_name(name: str, taken: set[str]) -> str:
    pure, number = PurePosixPath(name), 1
    candidate = pure
    while str(candidate.with_suffix('')).lower() in taken:  # some file systems ignore case
        number += 1
        candidate = pure.with_name(f'{pure.stem}_{number}{pure.suffix}')
    taken.add(str(candidate.with_suffix('')).lower())
    return str(candidate)
