"""Keep the memory of a training step for the next one."""

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
    """Lets glibc keep freed memory, which the next step needs again.

    Otherwise, glibc returns the memory of large maps to the system, which has to clear its pages
    for every step. This takes a fifth to a quarter of a step's time on CPUs
    (``benchmarks/training.py``). GPUs use torch's own allocator. Without ``mallopt``, nothing is
    changed.
    """

    def before_run(self, runner: Runner) -> None:
        if get_device() == 'cpu':
            keep_freed_memory()


def keep_freed_memory() -> bool:
    """Let glibc keep up to 2 GiB of freed memory, in this process and those it forks.

    Returns:
        Whether the C library supports this.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, TypeError, OSError):  # musl and macOS; Windows
        return False
    return all(mallopt(option, value) for option, value in _OPTIONS.values())
