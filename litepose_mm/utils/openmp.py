"""Whose threads OpenMP has: one team for whichever thread runs the network, and forks with none."""

from __future__ import annotations

import ctypes
import os
from functools import cache

from ..errors import LitePoseError

_SOFT = 1  # omp_pause_soft of OpenMP 5.0: what is computed later is not changed by it

# Libraries whose OpenMP would wait forever in this process, which is a fork.
_waiting: set[str | None] = set()


def release_openmp_threads(library: str | None = None) -> bool:
    """Ends the helpers that OpenMP keeps for this thread, so that another thread's run freely.

    PyTorch computes on processors with OpenMP, which gives every thread that calls it helpers of
    its own and keeps them. GNU's OpenMP no longer waits actively where helpers outnumber the cores,
    and then an idle thread's helpers cost the busy one half of its speed (docs/realtime.md). This
    thread gets new ones when it needs them, in microseconds.

    Args:
        library: File of a loaded library whose OpenMP is meant, where it brings its own; None: the
            one that all libraries of the process see, which is PyTorch's.

    Returns:
        Whether there is an OpenMP that can do it, and it did.
    """
    try:
        pause = ctypes.CDLL(library).omp_pause_resource_all
    except (AttributeError, TypeError, OSError):  # no OpenMP, or an older one; Windows
        return False
    return pause(_SOFT) == 0


@cache
def keep_forks_computing(library: str | None = None) -> None:
    """Makes OpenMP compute in processes that are forked from now on.

    A fork has only the thread that forked, but GNU's OpenMP in it would wait forever for the
    helpers that this thread had before. So they end before each fork. Where OpenMP is too old for
    that, :func:`check_fork` raises in the forked process.

    Args:
        library: As for :func:`release_openmp_threads`.
    """
    if not hasattr(os, 'register_at_fork'):  # Windows has no forks
        return
    if release_openmp_threads(library):
        os.register_at_fork(before=lambda: release_openmp_threads(library))
    else:
        os.register_at_fork(after_in_child=lambda: _waiting.add(library))


def check_fork(library: str | None = None) -> None:
    """Looks whether OpenMP can compute here, before it is asked to.

    Raises:
        LitePoseError: This process was forked after :func:`keep_forks_computing` had found an
            OpenMP that does not survive it.
    """
    if library in _waiting:
        raise LitePoseError(
            'this process was forked, where the OpenMP of its parent would wait forever for its '
            "threads; start processes with multiprocessing.get_context('spawn')"
        )
