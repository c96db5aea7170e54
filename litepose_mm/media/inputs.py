"""Find images and videos by paths, folders and patterns."""

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
_TRANSPORT_STREAMS = frozenset({'.ts', '.mts', '.m2ts'})  # the first two can also be TypeScript
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
        path: Path of the file.
        name: Path relative to the folder in which it was found, with '/'. Names are unique among
            the results of :func:`find_media`, even without their suffix.
        is_video: Whether the file is a video.
    """

    path: Path
    name: str
    is_video: bool


def find_media(inputs: Iterable[str | Path], recursive: bool = False) -> list[MediaFile]:
    """Lists the images and videos that match paths, folders and patterns such as ``'*.jpg'``.

    Files that are named explicitly may have any suffix; their contents determine whether they are
    images or videos. Folders and patterns only yield files with known suffixes that are not
    hidden, and a warning states the number of other files. Each file is listed once, in the order
    of ``inputs``; the files of a folder are sorted.

    Args:
        inputs: Files, pipes, folders or patterns.
        recursive: Whether to include subfolders.

    Raises:
        LitePoseError: An input does not exist, or contains neither images nor videos.
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
        warnings.warn(f'skipped {_kinds(passed_over)}')
    return list(found.values())


def _expand(given: str, recursive: bool, passed_over: set[Path]) -> list[tuple[Path, Path, bool]]:
    """Returns (file, folder to which its name is relative, whether it is a video)."""
    path, found, others = Path(given), [], set()
    try:
        if path.is_file() or path.is_fifo():
            return [(path, path.parent, _is_video(path))]
        if path.is_dir():
            candidates = ((file, path) for file in path.glob('**/*' if recursive else '*'))
            hint = '' if recursive else '; subfolders are not searched'
        elif glob.has_magic(given):
            files = map(Path, glob.glob(given, recursive=True))
            candidates = ((file, file.parent) for file in files)
            hint = ''
        else:
            raise LitePoseError(f'expected a file, folder or pattern, but {given!r} does not exist')
        for file, root in sorted(candidates):
            if any(part.startswith('.') for part in file.relative_to(root).parts):
                continue
            if file.is_file():
                if _is_known(file):
                    found.append((file, root, file.suffix.lower() in VIDEO_SUFFIXES))
                else:
                    others.add(file)
    except OSError as error:
        raise LitePoseError(f'cannot access the input {given!r}: {error.strerror}') from error
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
    """Whether the contents of an explicitly named file are a video, regardless of its suffix."""
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
    """Describes how many files of which kinds there are."""
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
