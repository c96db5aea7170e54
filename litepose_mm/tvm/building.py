"""Build candidate kernels in processes that live as long as the tuning."""

from __future__ import annotations

import tempfile
from pathlib import Path

import tvm
from tvm.ir.utils import derived_object
from tvm.s_tir.meta_schedule.builder import BuilderInput, BuilderResult, PyBuilder
from tvm.support.popen_pool import PopenPoolExecutor, StatusKind


@derived_object
class PersistentBuilder(PyBuilder):
    """Builds shared libraries with a pool of processes.

    TVM's builder starts its processes anew for every batch, and each imports tensor intrinsics,
    which takes 15 s of processor time and only helps integer kernels (TVM 0.27).

    Args:
        workers: Number of processes.
        compiler: Program that links the library, e.g. ``'aarch64-linux-gnu-g++'``.
        timeout: Seconds after which a build is given up.
    """

    def __init__(self, workers: int, compiler: str, timeout: float = 60) -> None:
        super().__init__()
        self._compiler, self._timeout = compiler, timeout
        self._pool = PopenPoolExecutor(workers, timeout, maximum_process_uses=1000)
        self._folder = tempfile.TemporaryDirectory(prefix='litepose-tvm-')

    def build(self, build_inputs: list[BuilderInput]) -> list[BuilderResult]:
        folder = self._folder.name
        given = [(each.mod, each.target, self._compiler, folder) for each in build_inputs]
        results = []
        for found in self._pool.map_with_error_catching(build_kernel_of, given):
            if found.status == StatusKind.COMPLETE:
                results.append(BuilderResult(found.value, None))
            elif found.status == StatusKind.TIMEOUT:
                results.append(BuilderResult(None, f'the build took over {self._timeout} s'))
            else:
                results.append(BuilderResult(None, str(found.value)))
        return results

    def close(self) -> None:
        """Ends the processes and removes what they have built."""
        self._pool.shutdown(wait=False)
        self._folder.cleanup()


def build_kernel_of(given: tuple[tvm.IRModule, tvm.target.Target, str, str]) -> str:
    """Builds one kernel; returns the path of its library, in a new folder inside the given one."""
    module, target, compiler, folder = given
    module = tvm.s_tir.transform.RemoveWeightLayoutRewriteBlock(skip_tensor_rewrite=True)(module)
    library = Path(tempfile.mkdtemp(dir=folder)) / 'kernel.so'
    tvm.driver.build(module, target=target).export_library(str(library), cc=compiler)
    return str(library)
