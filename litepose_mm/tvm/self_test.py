"""Find out whether the installed releases of TVM can tune; some crash the process."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from ..errors import LitePoseError

# With apache-tvm-ffi 0.1.15, apache-tvm 0.27 crashes as soon as it generates candidates.
_PROGRAM = """
from litepose_mm.tvm.intrinsics import leave_out_tensor_intrinsics
leave_out_tensor_intrinsics()
import tvm
from tvm import te
from tvm.s_tir import meta_schedule as ms
a = te.placeholder((8,), name='a')
b = te.compute((8,), lambda i: a[i] + 1, name='b')
ms.TuneContext(
    mod=te.create_prim_func([a, b]),
    target=tvm.target.Target({'kind': 'llvm', 'num-cores': 1}),
    space_generator=ms.space_generator.PostOrderApply(
        sch_rules='llvm', postprocs='llvm', mutator_probs='llvm'
    ),
    search_strategy='evolutionary',
    num_threads=1,
).generate_design_space()
"""


@cache
def check_tuner() -> None:
    """Checks in another process that TVM can generate candidates of a kernel.

    Raises:
        LitePoseError: It cannot.
    """
    done = subprocess.run([sys.executable, '-c', _PROGRAM], capture_output=True, text=True)
    if done.returncode == 0:
        return
    import tvm
    import tvm_ffi

    last = done.stderr.strip().splitlines()[-1:] or ['']
    why = f'signal {-done.returncode}' if done.returncode < 0 else last[0]
    raise LitePoseError(
        f'the tuner of apache-tvm {tvm.__version__} fails with apache-tvm-ffi '
        f'{tvm_ffi.__version__} ({why}); install the releases that work together: '
        'pip install "litepose_mm[tvm]"'
    )
