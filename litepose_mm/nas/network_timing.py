"""Milliseconds of single layers and whole networks in an engine."""

from __future__ import annotations

import importlib
import io
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import LitePoseError
from ..models.utils.merged_layers import MergedDeconv
from .network_layers import Layer

#: Runs a network once on the input that it was made for.
Run = Callable[[], object]


class NetworkTimer:
    """Times networks.

    Args:
        engine: ``'torch'``, ``'onnxruntime'`` or ``'openvino'``.
        threads: Threads of the engine.
        rounds: How often each network runs; the median counts.

    Raises:
        LitePoseError: The engine is unknown, or not installed.
    """

    def __init__(self, engine: str = 'onnxruntime', threads: int = 1, rounds: int = 20) -> None:
        if engine not in ENGINES:
            raise LitePoseError(f'engine: expected {", ".join(ENGINES)}, got {engine!r}')
        try:
            importlib.import_module(engine)
        except ImportError:
            extra = 'runtime' if engine == 'onnxruntime' else engine
            raise LitePoseError(
                f'{engine} is not installed: pip install "litepose_mm[export,{extra}]"'
            ) from None
        self.engine, self.threads, self.rounds = engine, threads, rounds

    def __call__(self, *networks: tuple[nn.Module, Sequence[int]]) -> list[float]:
        """Milliseconds of networks, which take turns: what slows the machine slows them all.

        Args:
            networks: Each in eval mode, of one input, and the shape of that.
        """
        generator = torch.Generator().manual_seed(0)
        runs = [
            ENGINES[self.engine](network, torch.randn(*shape, generator=generator), self.threads)
            for network, shape in networks
        ]
        seconds = np.array([[_seconds(run) for run in runs] for _ in range(3 + self.rounds)])
        return (1e3 * np.median(seconds[3:], axis=0)).tolist()

    def layer(self, layer: Layer) -> float:
        """Milliseconds of a layer, with random weights, as an engine gets it."""
        shape = (1, layer.in_channels, layer.height, layer.width)
        return self((deployed(layer), shape))[0]


def _seconds(run: Run) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def deployed(layer: Layer) -> nn.Module:
    """A network of one layer in its deploy form: normalisation folded, deconvolution decomposed."""
    act = nn.ReLU6() if layer.activated else nn.Identity()
    if layer.transposed:
        deconv = nn.ConvTranspose2d(
            layer.in_channels, layer.out_channels, layer.kernel_size, 2, 1, bias=False
        )
        return MergedDeconv([deconv], nn.BatchNorm2d(layer.out_channels), act).eval()
    conv = nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        layer.stride,
        layer.kernel_size // 2,
        groups=layer.in_channels if layer.depthwise else 1,
        bias=layer.normalised,
    )
    return nn.Sequential(conv, act).eval()


def _torch(network: nn.Module, inputs: Tensor, threads: int) -> Run:
    torch.set_num_threads(threads)

    @torch.inference_mode()
    def run() -> Tensor:
        return network(inputs)

    return run


def _onnx(network: nn.Module, inputs: Tensor) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')  # the exporter says that there is a newer one
        torch.onnx.export(network, (inputs,), file, input_names=['inputs'], dynamo=False)
    return file.getvalue()


def _onnxruntime(network: nn.Module, inputs: Tensor, threads: int) -> Run:
    from ..runtime.engines.onnxruntime import cpu_session

    session = cpu_session(_onnx(network, inputs), threads)
    array = inputs.numpy()
    return lambda: session.run(None, {'inputs': array})


def _openvino(network: nn.Module, inputs: Tensor, threads: int) -> Run:
    from ..runtime.engines.openvino import compile_options, cpu_core

    core = cpu_core()
    options = compile_options('fp32', threads)
    compiled = core.compile_model(core.read_model(_onnx(network, inputs)), 'CPU', options)
    request, array = compiled.create_infer_request(), inputs.numpy()
    return lambda: request.infer([array], share_inputs=True)


#: How each engine gets a network ready.
ENGINES: dict[str, Callable[[nn.Module, Tensor, int], Run]] = {
    'torch': _torch,
    'onnxruntime': _onnxruntime,
    'openvino': _openvino,
}
