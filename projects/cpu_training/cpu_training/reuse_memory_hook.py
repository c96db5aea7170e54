"""Memory of one training step is kept for the next."""

from __future__ import annotations

import ctypes

from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpose.registry import HOOKS

# Options of mallopt(3), from glibc's malloc.h, and their values in bytes.
_OPTIONS = {
    'M_MMAP_THRESHOLD': (-3, 1 << 30),
    'M_TRIM_THRESHOLD': (-1, (1 << 31) - 1),
    'M_TOP_PAD': (-2, 1 << 28),
}


@HOOKS.register_module()
class ReuseMemoryHook(Hook):
    """Lets glibc keep freed memory, of which the next step needs as much again.

    glibc returns maps of this size to the system at once, and the system clears their pages again
    for every step: a fifth to a quarter of a step's time on processors
    (``benchmarks/training.py``). GPUs have torch's own allocator, and C libraries without
    ``mallopt`` are left as they are.
    """

    def before_run(self, runner: Runner) -> None:
        if get_device() == 'cpu':
            keep_freed_memory()


def keep_freed_memory() -> bool:
    """Tells glibc to keep freed memory, up to 2 GiB, in this process and those it forks.

    Returns:
        Whether the C library has such options and took them.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError, OSError):  # musl and macOS; Windows
        return False
    return all(mallopt(option, value) for option, value in _OPTIONS.values())
