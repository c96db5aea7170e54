"""Read annotation files."""

from __future__ import annotations

import functools
import json
import logging
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import print_log

from ..errors import LitePoseError, some
from .keypoints import Missing, arrange, other_names
from .people import normalise

_MOST_SHOWN = 3


def read_text(path: Path) -> tuple[str, str]:
    """Returns the text of a file and its encoding.

    JSON is in UTF-8, UTF-16 or UTF-32, which its first bytes reveal, with or without a byte order
    mark. Everything else is read as Windows-1252, which includes all characters of Latin-1.

    Raises:
        LitePoseError: The file cannot be read.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise LitePoseError(f'{path}: {error.strerror}') from error
    for encoding in (json.detect_encoding(data), 'cp1252'):
        try:
            return data.decode(encoding), encoding
        except UnicodeError as error:
            reason = error
    raise LitePoseError(f'{path}: expected JSON in UTF-8, got something else ({reason})')


def read_annotations(path: Path) -> dict:
    """Reads an annotation file without changes.

    Raises:
        LitePoseError: The file is missing, or is not a JSON object with images and annotations.
    """
    text, _ = read_text(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LitePoseError(f'{path}: expected JSON, got something else ({error})') from error
    lists = isinstance(document, dict) and all(
        isinstance(document.get(key), list) for key in ('images', 'annotations')
    )
    if not lists:
        raise LitePoseError(f'{path}: expected a mapping with the lists images and annotations')
    return document


def read_people(
    path: str | Path,
    names: Sequence[str] | None = None,
    missing: Missing = 'refused',
    nobody: bool = False,
) -> dict:
    """Reads an annotation file in the normal form that training and evaluation use.

    Suspicious properties of the whole file that do not prevent its use are logged once.

    Args:
        path: The file.
        names: Names of the keypoints of every person; those of the file by default.
        missing: How to treat keypoints that the file lacks, see :func:`arrange`.
        nobody: Whether the file may contain no people.

    Returns:
        The document of :class:`People`.

    Raises:
        LitePoseError: The file cannot be read, or contains something unusable. The message names
            the file and the first problems in one line.
    """
    path = Path(path)
    people = normalise(read_annotations(path), names)
    unusable = [problem for problem in people.problems if problem.malformed]
    problems = [str(problem) for problem in unusable if problem.kind != 'nobody']
    if problems:
        raise LitePoseError(explanation(path, problems))
    if unusable and not nobody:
        raise LitePoseError(f'{path}: {unusable[-1].message}')
    for problem in people.problems:
        if problem.is_odd and problem.where == 'file':
            _notice(f'{path}: {problem.field}: {problem.message}')
    if names is not None:
        renamed = other_names(people.names, names)
        if renamed:
            _notice(f'{path}: {renamed}')
        try:
            arrange(people.document, names, missing)
        except LitePoseError as error:
            raise LitePoseError(f'{path}: {error}') from error
    return people.document


@functools.cache  # training, validation and metrics may read the same file
def _notice(text: str) -> None:
    print_log(text, logger='current', level=logging.WARNING)


def explanation(path: Path, problems: Sequence[str]) -> str:
    """Returns one line about a file's problems and how to fix them."""
    return (
        f'{path}: {some(problems, _MOST_SHOWN, "; ")} (tools/misc/check_annotations.py {path} '
        'shows all problems; with --fix OUT --drop it fixes or removes the entries)'
    )
