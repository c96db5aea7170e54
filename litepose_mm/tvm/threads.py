"""The threads of TVM, which its runtime reads from the environment when it starts them."""

from __future__ import annotations

import os


def allow_all_processors() -> None:
    """Lets TVM use every processor, and leaves threads where the system puts them.

    By default, TVM uses half of the processors on x86, as if each were half of a core, and pins its
    threads. That would keep the calling thread, and all that it starts, on one core. Values that a
    user has set are kept.
    """
    os.environ.setdefault('TVM_NUM_THREADS', str(os.cpu_count() or 1))
    os.environ.setdefault('TVM_BIND_THREADS', '0')


def use_one_thread() -> None:
    """Limits TVM in this process to one thread, before it starts others."""
    os.environ['TVM_NUM_THREADS'] = '1'
