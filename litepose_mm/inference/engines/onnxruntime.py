"""The engine ONNX Runtime, on CPUs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .base import Engine, stopwatch

if TYPE_CHECKING:
    import onnxruntime
    from onnx import ModelProto

    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration

_FATAL_ONLY = 4  # errors are raised and need not be printed too
_PROCESSORS = Path('/proc/cpuinfo')


def sums_saturate(processors: Path) -> bool:
    """Whether int8 kernels for x86 would add pairs of products in 16 bits, which can overflow.

    They do so without VNNI. ONNX Runtime has safe kernels on request, but these are slower, by
    half on CPUs with VNNI.

    Args:
        processors: The file in which Linux lists the CPUs' features; other systems have none.
    """
    try:
        text = processors.read_text()
    except OSError:
        return False
    return ' avx2' in text and '_vnni' not in text


def cpu_session(model: bytes | Path, threads: int | None = None) -> onnxruntime.InferenceSession:
    """Returns an ONNX Runtime session on the CPU whose threads sleep between runs.

    By default, they wait for the next run in a busy loop, on cores that decoding or another engine
    needs: OpenVINO took twice as long afterwards (two cores).

    Args:
        model: Contents of an ONNX file, which prevents references to other files; or its path, if
            it refers to a file with weights.
        threads: Number of threads; None leaves it to ONNX Runtime.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    options.add_session_config_entry('session.force_spinning_stop', '1')
    if sums_saturate(_PROCESSORS):
        options.add_session_config_entry('session.x64quantprecision', '1')
    return onnxruntime.InferenceSession(model, options, providers=['CPUExecutionProvider'])


class OnnxRuntimeEngine(Engine):
    """Runs ``*.onnx`` in the precision of the file."""

    name = 'onnxruntime'
    can_time = takes_images = reads_onnx = True
    # Its CPU kernels compute in float32 and int8; float16 would be converted for each layer.
    precisions = ('fp32',)
    int8_packages = ('onnxruntime',)
    rank = 2

    @classmethod
    def write(cls, onnx_file: Path, folder: Path, precision: str) -> None:
        shutil.copyfile(onnx_file, folder / 'model.onnx')

    @classmethod
    def quantize(cls, graph: Path, inputs: Calibration, trials: Trials | None) -> ModelProto:
        from ..quantizers.onnxruntime import quantize

        return quantize(graph, inputs, trials)

    @classmethod
    def time(
        cls, onnx_model: bytes, inputs: np.ndarray, threads: int
    ) -> Callable[[int], list[float]]:
        session = cpu_session(onnx_model, threads)
        return stopwatch(lambda: session.run(None, {'inputs': inputs}))

    def _load(self, folder: Path, threads: int | None) -> None:
        file = self.card.file(folder, '.onnx')
        self._session = cpu_session(
            file.read_bytes() if len(self.card.files) == 1 else file, threads
        )
        self._input = self._session.get_inputs()[0].name
        names = {output.name for output in self._session.get_outputs()}
        for name in self.card.decoder.output_names:
            if name not in names:
                raise ValueError(f'it has no output {name!r}, but {", ".join(sorted(names))}')

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        return self._session.run(list(self.card.decoder.output_names), {self._input: batch})
