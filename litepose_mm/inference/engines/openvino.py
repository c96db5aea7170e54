"""The engine OpenVINO, on CPUs, GPUs and NPUs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...utils.native_threads import fork_while_workers_sleep
from ..devices import candidates, kind_of
from .base import Engine, stopwatch

if TYPE_CHECKING:
    import openvino
    from onnx import ModelProto

    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration

# By default, OpenVINO uses bfloat16 if the CPU supports it, and float16 on GPUs. The float layers
# of an int8 model stay in float32.
_HINTS = {'fp32': 'f32', 'fp16': 'f16', 'bf16': 'bf16', 'int8': 'f32'}


@cache
def cpu_core() -> openvino.Core:
    """Returns the process's only OpenVINO core, which keeps the CPU plugin loaded.

    The plugin gives the thread that loads it a larger stack for signal handlers. When another
    thread drops the last reference to the plugin, that memory is freed all the same, and the next
    signal with a handler, such as Ctrl-C, causes a segmentation fault (OpenVINO 2026.4).
    """
    import openvino

    fork_while_workers_sleep()
    core = openvino.Core()
    core.get_property('CPU', 'FULL_DEVICE_NAME')  # loads the plugin
    return core


def compile_options(
    precision: str, threads: int | None = None, streams: int = 1, device: str = 'cpu'
) -> dict[str, Any]:
    """Returns the options for compiling a model in a precision, to run frames as they come.

    A limited number of threads means that the machine is shared. They are not pinned, because
    every process would pin its threads to the same cores.
    """
    options: dict[str, Any] = {
        'INFERENCE_PRECISION_HINT': _HINTS[precision],
        'PERFORMANCE_HINT': 'LATENCY',
    }
    if device == 'cpu':  # other devices refuse these options
        options['NUM_STREAMS'] = streams
        if threads is not None:
            threads *= streams
            options.update({'INFERENCE_NUM_THREADS': threads, 'ENABLE_CPU_PINNING': False})
    return options


class OpenVINOEngine(Engine):
    """Runs ``*.xml`` with ``*.bin``, or ``*.onnx``, in the precision that the card names."""

    name = extra = 'openvino'
    can_time = takes_images = reads_onnx = True
    packages = ('openvino',)
    device_kinds = ('gpu', 'npu', 'cpu')
    # OpenVINO 2026.4 turns a graph with int8 layers and dynamic shapes into one that outputs 0.
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
    def time(
        cls, onnx_model: bytes, inputs: np.ndarray, threads: int
    ) -> Callable[[int], list[float]]:
        core = cpu_core()
        options = compile_options('fp32', threads)
        compiled = core.compile_model(core.read_model(onnx_model), 'CPU', options)
        request = compiled.create_infer_request()
        return stopwatch(lambda: request.infer([inputs], share_inputs=True))

    @classmethod
    def devices_here(cls) -> Collection[str]:
        return {kind_of(name) for name in cpu_core().available_devices}

    @classmethod
    def quickest_precision(cls, device: str | None = None) -> str:
        kind = kind_of(candidates(cls, device)[0])
        able = cpu_core().get_property(kind.upper(), 'OPTIMIZATION_CAPABILITIES')
        # Only processors with instructions for it (AVX512_BF16, AMX) have this capability.
        if kind == 'cpu' and 'BF16' in able:
            return 'bf16'
        return 'fp32' if 'FP32' in able else 'fp16'  # NPUs lack float32

    def _load(self, folder: Path, threads: int | None) -> None:
        core = cpu_core()
        if any(name.endswith('.onnx') for name in self.card.files):
            model = core.read_model(self.card.file(folder, '.onnx'))
        else:
            model = core.read_model(
                model=self.card.file(folder, '.xml'), weights=self.card.file(folder, '.bin')
            )
        options = compile_options(self.card.precision, threads, self.streams, self.device)
        compiled = core.compile_model(model, self.device.upper().replace(':', '.'), options)
        self._outputs = [compiled.output(name) for name in self.card.decoder.output_names]
        self._new_request = compiled.create_infer_request
        self._idle = [self._new_request()]

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        # A request's memory holds the outputs of one run at a time, so no two threads may share it
        # until they are copied. There are as many requests as threads that ever ran at once; a
        # request that fails is not reused.
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._new_request()
        request.infer([batch], share_inputs=True)
        outputs = [request.get_tensor(output).data.copy() for output in self._outputs]
        self._idle.append(request)
        return outputs
