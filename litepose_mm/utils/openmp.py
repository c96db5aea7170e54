"""Manage OpenMP's worker threads, which slow down other threads and block forked processes."""

from __future__ import annotations

import ctypes
import os
from functools import cache

from ..errors import LitePoseError

_SOFT = 1  # omp_pause_soft of OpenMP 5.0, which does not affect later computations

# Libraries whose OpenMP would wait forever in this forked process.
_waiting: set[str | None] = set()


def release_openmp_threads(library: str | None = None) -> bool:
    """Ends the worker threads that OpenMP keeps for this thread, to speed up other threads.

    PyTorch uses OpenMP on CPUs, which gives every calling thread its own worker threads and keeps
    them. When there are more workers than cores, GNU's OpenMP stops waiting actively, and the
    workers of an idle thread halve the speed of a busy one (docs/realtime.md). This thread gets
    new workers in microseconds when it needs them.

    Args:
        library: File of a loaded library that includes its own OpenMP; None means the one that all
            libraries of the process share, which is PyTorch's.

    Returns:
        Whether the workers were ended; some OpenMP libraries cannot do so.
    """
    try:
        pause = ctypes.CDLL(library).omp_pause_resource_all
    except (AttributeError, TypeError, OSError):  # no OpenMP, or an older one; Windows
        return False
    return pause(_SOFT) == 0


@cache
def keep_forks_computing(library: str | None = None) -> None:
    """Makes OpenMP usable in processes that are forked from now on.

    A forked process contains only the thread that forked, but GNU's OpenMP would wait there
    forever for this thread's workers. They are therefore ended before each fork. If OpenMP is too
    old for that, :func:`check_fork` raises an error in the forked process.

    Args:
        library: See :func:`release_openmp_threads`.
    """
    if not hasattr(os, 'register_at_fork'):  # Windows has no forks
        return
    if release_openmp_threads(library):
        os.register_at_fork(before=lambda: release_openmp_threads(library))
    else:
        os.register_at_fork(after_in_child=lambda: _waiting.add(library))


def check_fork(library: str | None = None) -> None:
    """Checks that OpenMP can be used in this process.

    Raises:
        LitePoseError: This process was forked, and its OpenMP does not survive that.
    """
    if library in _waiting:
        raise LitePoseError(
            'this process was forked, so OpenMP would wait forever for the threads of its parent; '
            "start processes with multiprocessing.get_context('spawn')"
        )
