"""Run a compiled network."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tvm.relax import VirtualMachine


class Network:
    """A library of :func:`write_library`, which threads may share.

    Args:
        library: The file.
        threads: Number of threads; None uses all processors.
    """

    def __init__(self, library: str | Path, threads: int | None = None) -> None:
        # Pinning would keep the calling thread, and all that it starts, on one core.
        os.environ.setdefault('TVM_BIND_THREADS', '0')
        from tvm import runtime

        self._library = runtime.load_module(str(library))
        self._threads, self._calling = threads, threading.local()
        self._idle = [self._new_machine()]

    def _new_machine(self) -> VirtualMachine:
        import tvm
        from tvm import relax

        return relax.VirtualMachine(self._library, tvm.cpu())

    def run(self, inputs: np.ndarray) -> list[np.ndarray]:
        """Returns the outputs for an input, float32, contiguous, of the network's shape."""
        import tvm

        if self._threads and not hasattr(self._calling, 'threads'):
            # Every calling thread has workers of its own.
            tvm.get_global_func('runtime.config_threadpool')(1, self._threads)
            self._calling.threads = self._threads
        # The memory of a machine belongs to one run at a time.
        try:
            machine = self._idle.pop()
        except IndexError:
            machine = self._new_machine()
        outputs = [output.numpy() for output in machine['main'](tvm.runtime.tensor(inputs))]
        self._idle.append(machine)
        return outputs
