"""The engine ncnn, on CPUs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...utils.openmp import check_fork, keep_forks_computing
from .base import Engine

if TYPE_CHECKING:
    import ncnn


@cache
def _library() -> str:
    """Returns the path of ncnn's library, which includes its own OpenMP."""
    import ncnn

    keep_forks_computing(ncnn.ncnn.__file__)
    return ncnn.ncnn.__file__


def set_precision(net: ncnn.Net, precision: str) -> None:
    """Sets the precision of a network before it is loaded; ncnn's default is not float32."""
    options, half = net.opt, precision == 'fp16'
    options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = half
    options.use_bf16_storage = precision == 'bf16'


class NcnnEngine(Engine):
    """Runs ``*.ncnn.param`` with ``*.ncnn.bin``, one input at a time."""

    name = extra = 'ncnn'
    packages = ('pnnx', 'ncnn')
    any_shape = False
    runs_decoding = False
    batch_limit: ClassVar[int | None] = 1

    @classmethod
    def write(cls, onnx_file: Path, folder: Path, precision: str) -> None:
        import pnnx

        # pnnx writes half a dozen files beside its input.
        work = onnx_file.parent
        command = [pnnx.EXEC_PATH, onnx_file.name, f'fp16={int(precision == "fp16")}']
        done = subprocess.run(command, cwd=work, capture_output=True, text=True, errors='replace')
        names = [f'{onnx_file.stem}.ncnn.{suffix}' for suffix in ('param', 'bin')]
        if done.returncode or not all((work / name).is_file() for name in names):
            lines = (done.stderr or done.stdout).strip().splitlines()
            raise RuntimeError(
                f'pnnx failed: {lines[-1] if lines else f"status {done.returncode}"}'
            )
        for name in names:
            shutil.copyfile(work / name, folder / name)

    def _load(self, folder: Path, threads: int | None) -> None:
        import ncnn

        _library()
        self._net = ncnn.Net()
        if threads is not None:
            self._net.opt.num_threads = threads
        set_precision(self._net, self.card.precision)
        param = self.card.file(folder, '.param')
        weights = self.card.file(folder, '.bin')
        if self._net.load_param(str(param)) or self._net.load_model(str(weights)):
            raise ValueError('it is damaged or has layers that this version of ncnn lacks')
        # pnnx names the outputs out0, out1 …, in the order of the graph.
        (self._input,), found = self._net.input_names(), self._net.output_names()
        self._outputs = sorted(found, key=lambda name: (len(name), name))
        expected = len(self.card.decoder.output_names)
        if len(self._outputs) != expected:
            raise ValueError(f'expected {expected} outputs, got {", ".join(self._outputs)}')

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        import ncnn

        check_fork(_library())
        extractor = self._net.create_extractor()
        extractor.input(self._input, ncnn.Mat(batch[0]))
        outputs = []
        for name in self._outputs:
            failed, output = extractor.extract(name)
            if failed:
                raise RuntimeError(f'it computed no output {name!r}, possibly for lack of memory')
            outputs.append(np.array(output)[None])
        return outputs
