"""Wait for the worker threads of libraries, which a forked process does not have."""

from __future__ import annotations

import os
import threading
import time
from functools import cache
from pathlib import Path

_TASKS = Path('/proc/self/task')
_LONGEST_WAIT = 1.0  # seconds


@cache
def fork_while_workers_sleep() -> None:
    """Makes every fork from now on wait until no native thread of this process is running.

    A forked process contains copies of all locks, but only the thread that forked. If a worker of
    OpenVINO's thread pool holds a lock then, which it does for microseconds after its last work,
    the forked process waits for that lock forever (2 in 1,500 forks right after an inference, and
    none in 4,000 that waited). A sleeping worker holds no lock.
    """
    if hasattr(os, 'register_at_fork') and _TASKS.is_dir():  # Linux
        os.register_at_fork(before=_wait)


def _wait() -> None:
    """Waits for all threads that Python does not know, for a second at most."""
    known = {str(thread.native_id) for thread in threading.enumerate()}
    end = time.monotonic() + _LONGEST_WAIT
    while time.monotonic() < end:
        if not any(_is_running(task) for task in _TASKS.iterdir() if task.name not in known):
            return
        time.sleep(0.0005)


def _is_running(task: Path) -> bool:
    try:
        state = (task / 'stat').read_text(errors='replace')
    except OSError:  # the thread has ended
        return False
    return state.rpartition(')')[2].split()[0] == 'R'
