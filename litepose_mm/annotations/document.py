"""Reading annotation files."""

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
    """The text of a file and its encoding.

    JSON is UTF-8, UTF-16 or UTF-32, which its first bytes tell, with or without a byte order mark.
    Anything else is taken for Windows-1252, which has all characters of Latin-1.

    Raises:
        LitePoseError: It cannot be read.
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
    """Reads a file of annotations as it is.

    Raises:
        LitePoseError: It is missing, no JSON or no mapping with images and annotations.
    """
    text, _ = read_text(path)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LitePoseError(f'{path}: no JSON ({error})') from error
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
    """Reads a file of annotations in the one form that training and evaluation use.

    What may be wrong in the whole file, but can be used, is told in the log, once.

    Args:
        path: The file.
        names: Names of the keypoints that everybody gets; those of the file by default.
        missing: What is done about those that the file lacks, see :func:`arrange`.
        nobody: Whether there may be nobody in the file.

    Returns:
        The document of :class:`People`.

    Raises:
        LitePoseError: It cannot be read, or something in it cannot be used; one line that names
            the file and the first problems.
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


@functools.cache  # training, validation and metrics may read one file
def _notice(text: str) -> None:
    print_log(text, logger='current', level=logging.WARNING)


def explanation(path: Path, problems: Sequence[str]) -> str:
    """One line on a file's problems and what to do."""
    return (
        f'{path}: {some(problems, _MOST_SHOWN, "; ")} (tools/misc/check_annotations.py {path} '
        'shows all; with --fix OUT --drop it mends them or leaves them out)'
    )
