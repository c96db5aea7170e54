"""OpenVINO on the processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .base import Engine

if TYPE_CHECKING:
    import openvino
    from onnx import ModelProto

    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration

# Left to itself, OpenVINO takes bfloat16 where the processor has it. The float layers of an int8
# model stay in float32.
_HINTS = {'fp32': 'f32', 'fp16': 'f16', 'bf16': 'bf16', 'int8': 'f32'}


@cache
def cpu_core() -> openvino.Core:
    """The process' one core of OpenVINO, whose processor plugin stays until the process ends.

    The plugin gives the thread that loads it a larger stack for signal handlers. When its last
    user goes away in another thread, that memory is freed all the same, and the next signal with a
    handler, such as Ctrl-C, ends the process with a segmentation fault (OpenVINO 2026.4).
    """
    import openvino

    core = openvino.Core()
    core.get_property('CPU', 'FULL_DEVICE_NAME')  # loads the plugin
    return core


def compile_options(precision: str, threads: int | None = None) -> dict[str, Any]:
    """What a model is compiled with to calculate in a precision, one frame after the other.

    Threads that are counted share the machine: they are not pinned, since every process would pin
    its own to the same cores.
    """
    options = {'INFERENCE_PRECISION_HINT': _HINTS[precision], 'PERFORMANCE_HINT': 'LATENCY'}
    if threads is not None:
        options.update({'INFERENCE_NUM_THREADS': threads, 'ENABLE_CPU_PINNING': False})
    return options


class OpenVINOEngine(Engine):
    """Runs ``*.xml`` with ``*.bin``, in the precision that the card names."""

    name = extra = 'openvino'
    can_time = True
    packages = ('openvino',)
    # Of a graph with int8 layers and an open shape, OpenVINO 2026.4 makes one whose outputs are 0.
    int8_any_shape = False
    int8_packages = ('nncf', 'onnxruntime')
    rank = 1

    @classmethod
    def write(cls, onnx_file: Path, folder: Path, precision: str) -> None:
        import openvino

        model = openvino.convert_model(onnx_file)
        openvino.save_model(model, folder / 'model.xml', compress_to_fp16=precision == 'fp16')

    @classmethod
    def quantize(cls, graph: Path, inputs: Calibration, trials: Trials | None) -> ModelProto:
        from ..quantizers.nncf import quantize

        return quantize(graph, inputs, trials)

    @classmethod
    def time(cls, onnx_model: bytes, inputs: np.ndarray, threads: int) -> Callable[[], object]:
        core = cpu_core()
        options = compile_options('fp32', threads)
        request = core.compile_model(core.read_model(onnx_model), 'CPU', options)
        request = request.create_infer_request()
        return lambda: request.infer([inputs], share_inputs=True)

    def _load(self, folder: Path, threads: int | None) -> None:
        core = cpu_core()
        model = core.read_model(
            model=self.card.file(folder, '.xml'), weights=self.card.file(folder, '.bin')
        )
        compiled = core.compile_model(model, 'CPU', compile_options(self.card.precision, threads))
        self._outputs = [compiled.output(name) for name in self.card.decoder.output_names]
        self._new_request = compiled.create_infer_request
        self._idle = [self._new_request()]

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        # A request's memory holds one run's outputs at a time, so no two threads may share it
        # until they are copied. As many requests are made as threads ever run at once; a request
        # that fails is not used again.
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._new_request()
        request.infer([batch], share_inputs=True)
        outputs = [request.get_tensor(output).data.copy() for output in self._outputs]
        self._idle.append(request)
        return outputs
