"""Leave out TVM's tensor intrinsics, which take 15 to 25 s to import."""

from __future__ import annotations

import sys
from types import ModuleType

_NAME = 'tvm.s_tir.tensor_intrin'


def leave_out_tensor_intrinsics() -> None:
    """Makes TVM import an empty module in place of its tensor intrinsics.

    Every tuning context and every process that builds kernels imports them. For each of some 500
    functions, TVM's parser calls ``inspect.stack()``, which reads the source of every caller. They
    serve integer and half-precision kernels only. To be retired when the import takes less than a
    second (TVM 0.27.0 takes 15 s).
    """
    sys.modules.setdefault(_NAME, ModuleType(_NAME))
