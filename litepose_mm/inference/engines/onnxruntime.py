"""The engine ONNX Runtime, on CPUs and on the accelerators that its packages support."""

from __future__ import annotations

import io
import os
import re
import shutil
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from ..devices import kind_of
from .base import Engine, stopwatch

if TYPE_CHECKING:
    import onnxruntime
    from onnx import ModelProto

    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration

# The execution provider of each kind of device, the fastest first.
_PROVIDERS = {
    'tensorrt': 'TensorrtExecutionProvider',
    'cuda': 'CUDAExecutionProvider',
    'migraphx': 'MIGraphXExecutionProvider',
    'coreml': 'CoreMLExecutionProvider',
    'directml': 'DmlExecutionProvider',
    'webgpu': 'WebGpuExecutionProvider',
    'xnnpack': 'XnnpackExecutionProvider',
    'cpu': 'CPUExecutionProvider',
}
_WARNINGS, _FATAL_ONLY = 2, 4  # errors are raised and need not be printed too
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


def open_session(
    model: bytes | Path, threads: int | None = None, device: str = 'cpu'
) -> onnxruntime.InferenceSession:
    """Returns an ONNX Runtime session whose threads sleep between runs.

    By default, they wait for the next run in a busy loop, on cores that decoding or another engine
    needs: OpenVINO took twice as long afterwards (two cores).

    Args:
        model: Contents of an ONNX file, which prevents references to other files; or its path, if
            it refers to a file with weights.
        threads: Number of threads; None leaves it to ONNX Runtime.
        device: A device of :class:`OnnxRuntimeEngine`. Layers that it lacks run on the CPU.

    Raises:
        RuntimeError: ONNX Runtime does not use the device.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL_ONLY
    if threads is not None:
        options.intra_op_num_threads = threads
    options.add_session_config_entry('session.force_spinning_stop', '1')
    if sums_saturate(_PROCESSORS):
        options.add_session_config_entry('session.x64quantprecision', '1')
    providers = _providers(device, threads)
    if device == 'cpu':
        return onnxruntime.InferenceSession(model, options, providers)
    complaints = io.StringIO()
    with redirect_stdout(complaints):  # CUDA's libraries may be in NVIDIA's wheels
        onnxruntime.preload_dlls()
    onnxruntime.set_default_logger_severity(_FATAL_ONLY)
    try:  # without a fallback, which would be printed in four lines
        session = onnxruntime.InferenceSession(model, options, providers, enable_fallback=0)
        if providers[0][0] not in session.get_providers():
            raise RuntimeError('its libraries or its driver cannot be loaded')
    except RuntimeError as error:
        cause = complaints.getvalue().partition('\n')[0]
        # Without the line and the function of ONNX Runtime's own code.
        raise RuntimeError(cause or re.sub(r'^\S+:\d+ .*?\) ', '', str(error))) from error
    finally:
        onnxruntime.set_default_logger_severity(_WARNINGS)
    return session


def _providers(device: str, threads: int | None) -> list[tuple[str, dict[str, Any]]]:
    """Returns the execution providers for a device, with their options, in order of preference."""
    kind, number = kind_of(device), device[len(kind_of(device)) + 1 :]
    options: dict[str, Any] = {'device_id': number} if number else {}
    cuda = (_PROVIDERS['cuda'], {**options, 'use_tf32': '0'})  # the precision is float32
    cpu: tuple[str, dict[str, Any]] = (_PROVIDERS['cpu'], {})
    if kind == 'xnnpack':  # it has threads of its own, by default a single one
        options['intra_op_num_threads'] = str(threads or os.cpu_count())
    own = {'cpu': [], 'cuda': [cuda], 'tensorrt': [(_PROVIDERS[kind], options), cuda]}
    return [*own.get(kind, [(_PROVIDERS[kind], options)]), cpu]


class OnnxRuntimeEngine(Engine):
    """Runs ``*.onnx`` in the precision of the file."""

    name = 'onnxruntime'
    can_time = takes_images = reads_onnx = True
    # Its CPU kernels compute in float32 and int8; float16 would be converted for each layer.
    precisions = ('fp32',)
    int8_packages = ('onnxruntime',)
    device_kinds = tuple(_PROVIDERS)
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
        session = open_session(onnx_model, threads)
        return stopwatch(lambda: session.run(None, {'inputs': inputs}))

    @classmethod
    def devices_here(cls) -> Collection[str]:
        import onnxruntime

        present = onnxruntime.get_available_providers()
        return [kind for kind, provider in _PROVIDERS.items() if provider in present]

    def _load(self, folder: Path, threads: int | None) -> None:
        file = self.card.file(folder, '.onnx')
        self._session = open_session(
            file.read_bytes() if len(self.card.files) == 1 else file, threads, self.device
        )
        # Sessions of DirectML are the only ones that threads must not share.
        self._turn = Lock() if kind_of(self.device) == 'directml' else nullcontext()
        self._input = self._session.get_inputs()[0].name
        names = {output.name for output in self._session.get_outputs()}
        for name in self.card.decoder.output_names:
            if name not in names:
                raise ValueError(f'it has no output {name!r}, but {", ".join(sorted(names))}')

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        with self._turn:
            return self._session.run(list(self.card.decoder.output_names), {self._input: batch})
