"""Hooks that speed up training on CPUs; results differ by rounding only."""

import litepose_mm.modules  # noqa: F401  (first: it makes MMPose importable)

from .compile_hook import CompileHook
from .cpu_kernels_hook import CPUKernelsHook
from .reuse_memory_hook import ReuseMemoryHook

__all__ = ['CompileHook', 'CPUKernelsHook', 'ReuseMemoryHook']
