"""Measure the most multiply-accumulates per second that a processor can do, in float32.

A loop of independent vector operations stays in registers. A large matrix product reaches 40 to
85 % of it, depending on the library, and so would make networks look better.
"""

import ctypes
import os
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_SOURCE = """
typedef float vector __attribute__((vector_size(64)));
float run(long count) {
    vector sums[16];
    for (int i = 0; i < 16; i++) sums[i] = (vector){i};
    for (long step = 0; step < count; step++)
        for (int i = 0; i < 16; i++) sums[i] = sums[i] * 0.999f + 0.001f;
    float total = 0;
    for (int i = 0; i < 16; i++) total += sums[i][0];
    return total;
}
"""
_STEPS = 2_000_000
_MACS = 16 * 16 * _STEPS  # of a call: vectors of 16 numbers


class Peak:
    """Runs the loop; needs a C compiler (``CC``, or cc)."""

    def __init__(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            source, library = Path(folder) / 'peak.c', Path(folder) / 'peak.so'
            source.write_text(_SOURCE)
            options = ['-O3', '-march=native', '-ffast-math', '-shared', '-fPIC', '-o']
            subprocess.run([os.environ.get('CC', 'cc'), *options, library, source], check=True)
            self._run = ctypes.CDLL(str(library)).run
        self._run.argtypes, self._run.restype = [ctypes.c_long], ctypes.c_float

    def macs_per_second(self, threads: int) -> float:
        """Measure once, for a few milliseconds."""
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(self._run, [1] * threads))  # starts the threads
            start = time.perf_counter()
            list(pool.map(self._run, [_STEPS] * threads))
            return threads * _MACS / (time.perf_counter() - start)
