"""One team of OpenMP's threads for whichever thread runs the network."""

from __future__ import annotations

import ctypes

_SOFT = 1  # omp_pause_soft of OpenMP 5.0: what is computed later is not changed by it


def release_openmp_threads() -> bool:
    """Ends the helpers that OpenMP keeps for this thread, so that another thread's run freely.

    PyTorch computes on processors with OpenMP, which gives every thread that calls it helpers of
    its own and keeps them. GNU's OpenMP no longer waits actively where helpers outnumber the cores,
    and then an idle thread's helpers cost the busy one half of its speed (docs/realtime.md). This
    thread gets new ones when it needs them, in microseconds.

    Returns:
        Whether there is an OpenMP that can do it, and it did.
    """
    try:
        pause = ctypes.CDLL(None).omp_pause_resource_all
    except (AttributeError, TypeError, OSError):  # no OpenMP, or an older one; Windows
        return False
    return pause(_SOFT) == 0
