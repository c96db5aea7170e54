"""How much each layer adds to the error of the outputs when it alone is int8."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from onnx import ModelProto
from rich.progress import track

from ...inference.engines.onnxruntime import cpu_session
from .graph import int8_layers, prepare
from .onnxruntime import OnnxRuntimeQuantizer

_TOLD = 50  # after how many layers a line is printed where there is no terminal


class LayerError(NamedTuple):
    """What int8 in one layer does.

    Attributes:
        name: Of the layer in the graph.
        errors: Of each output: root of the mean squared error, as a share of the root of the mean
            square of the output.
    """

    name: str
    errors: dict[str, float]

    @property
    def mean(self) -> float:
        """Over the outputs."""
        return float(np.mean(list(self.errors.values())))


def layer_errors(graph: Path, inputs: Sequence[np.ndarray]) -> list[LayerError]:
    """Quantises one layer at a time, with ONNX Runtime, whatever engine the model is for.

    Args:
        graph: ONNX file whose outputs can be compared value by value. Files are
            made beside it.
        inputs: Few suffice, since every pixel of the outputs counts. Ranges are theirs.

    Returns:
        All layers, the most sensitive first.
    """
    names = [output.name for output in onnx.load(graph).graph.output]
    prepared = graph.with_suffix('.prepared.onnx')
    layers = int8_layers(prepare(graph, prepared))
    quantizer = OnnxRuntimeQuantizer(prepared, inputs, layers)
    expected = _outputs(quantizer.quantize_only([]), inputs)
    sizes = [root_mean_square(*values) for values in expected]
    found = []
    shown = sys.stdout.isatty()
    for number, layer in enumerate(track(quantizer.layers, transient=True, disable=not shown), 1):
        outputs = _outputs(quantizer.quantize_only([layer]), inputs)
        errors = {
            name: root_mean_square(*map(np.subtract, own, other)) / max(size, 1e-12)
            for name, own, other, size in zip(names, outputs, expected, sizes)
        }
        found.append(LayerError(layer, errors))
        if not shown and number % _TOLD == 0:
            print(f'{number} of {len(quantizer.layers)} layers', flush=True)
    return sorted(found, key=lambda layer: -layer.mean)


def run_onnx(model: bytes, *inputs: np.ndarray) -> list[np.ndarray]:
    """What ONNX Runtime makes of inputs: for each input all outputs."""
    session = cpu_session(model)
    return [session.run(None, {'inputs': each}) for each in inputs]


def root_mean_square(*arrays: np.ndarray) -> float:
    """Of the values of all arrays; arrays of different sizes count the same."""
    return float(np.sqrt(np.mean([np.mean(np.square(array)) for array in arrays])))


def _outputs(model: ModelProto, inputs: Sequence[np.ndarray]) -> list[tuple[np.ndarray, ...]]:
    """For each output its values of all inputs."""
    return list(zip(*run_onnx(model.SerializeToString(), *inputs)))
