"""Milliseconds of single layers and whole networks in an engine."""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import LitePoseError
from ..inference.engines import engines, get_engine
from ..models.utils.merged_layers import MergedDeconv
from .network_layers import Layer

#: Runs a network once on the input that it was made for.
Run = Callable[[], object]


class NetworkTimer:
    """Times networks.

    Args:
        engine: One that can time networks, such as ``'torch'`` or ``'onnxruntime'``.
        threads: Threads of the engine.
        rounds: How often each network runs; the median counts.

    Raises:
        LitePoseError: The engine is unknown, or not installed.
    """

    def __init__(self, engine: str = 'onnxruntime', threads: int = 1, rounds: int = 20) -> None:
        self._engine = get_engine(engine)
        if not self._engine.can_time:
            able = ', '.join(name for name, each in engines().items() if each.can_time)
            raise LitePoseError(f'engine: expected one that times networks, {able}; got {engine!r}')
        if not self._engine.is_installed():
            raise LitePoseError(
                f'{engine} is not installed: pip install "litepose_mm[export,{self._engine.extra}]"'
            )
        self.engine, self.threads, self.rounds = engine, threads, rounds

    def __call__(self, *networks: tuple[nn.Module, Sequence[int]]) -> list[float]:
        """Milliseconds of networks, which take turns: what slows the machine slows them all.

        Args:
            networks: Each in eval mode, of one input, and the shape of that.
        """
        generator = torch.Generator().manual_seed(0)
        runs = [
            self._run(network, torch.randn(*shape, generator=generator))
            for network, shape in networks
        ]
        seconds = np.array([[_seconds(run) for run in runs] for _ in range(3 + self.rounds)])
        return (1e3 * np.median(seconds[3:], axis=0)).tolist()

    def _run(self, network: nn.Module, inputs: Tensor) -> Run:
        graph = _onnx(network, inputs) if self._engine.runs_onnx else network
        return self._engine.time(graph, inputs.numpy(), self.threads)

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


def _onnx(network: nn.Module, inputs: Tensor) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')  # the exporter says that there is a newer one
        torch.onnx.export(network, (inputs,), file, input_names=['inputs'], dynamo=False)
    return file.getvalue()
