"""Run a compiled network, and check the file that contains it."""

from __future__ import annotations

import platform
import struct
import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from .threads import allow_all_processors

if TYPE_CHECKING:
    from tvm.relax import VirtualMachine, VMExecutable


# e_machine in the header of an ELF file.
_MACHINES = {62: 'x86_64', 183: 'aarch64'}


def check_library(file: str | Path) -> None:
    """Checks a shared library, because loading a truncated one ends the process.

    Raises:
        ValueError: It is no complete library for this machine.
    """
    content = Path(file).read_bytes()
    if len(content) < 64 or content[:6] != b'\x7fELF\x02\x01':
        raise ValueError('it is no shared library of 64 bits')
    (machine,) = struct.unpack_from('<H', content, 0x12)
    (sections,) = struct.unpack_from('<Q', content, 0x28)
    size, count = struct.unpack_from('<HH', content, 0x3A)
    if sections + size * count > len(content):
        raise ValueError('it is truncated')
    if _MACHINES.get(machine) != platform.machine():
        raise ValueError(
            f'it is for {_MACHINES.get(machine, "another machine")}, and this machine is '
            f'{platform.machine()}'
        )


class Network:
    """A compiled network, which threads may share.

    Args:
        library: The file, or what :func:`compile_network` returned.
        threads: Number of threads; None uses all processors.

    Raises:
        ValueError: The file is no library for this machine.
    """

    def __init__(self, library: str | Path | VMExecutable, threads: int | None = None) -> None:
        allow_all_processors()
        import tvm_ffi
        from tvm import relax  # noqa: F401  registers what loads networks

        if isinstance(library, (str, Path)):
            check_library(library)
            with TemporaryDirectory() as folder:
                # The loader would return a library that it knows by the same name, even if the
                # file has been replaced.
                link = Path(folder) / 'model.so'
                link.symlink_to(Path(library).resolve())
                library = tvm_ffi.load_module(link)  # TVM's own function resolves links
        self._library = library
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
        found = machine['main'](tvm.runtime.tensor(inputs))
        found = [found] if isinstance(found, tvm.runtime.Tensor) else found
        outputs = [output.numpy() for output in found]
        self._idle.append(machine)
        return outputs
