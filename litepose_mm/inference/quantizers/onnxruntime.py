"""Quantise ONNX graphs with ONNX Runtime's own quantiser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from .graph import ENDS, float_nodes

if TYPE_CHECKING:
    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration

# Convolutions with the activations that are fused into their kernels, and the operators between
# convolutions, which are cheaper without conversions to float32.
_KINDS = {'Add', 'AveragePool', 'Clip', 'Concat', 'Conv', 'DepthToSpace', 'MaxPool', 'Relu'}


class _Reader(CalibrationDataReader):
    def __init__(self, inputs: Calibration, name: str) -> None:
        self._feeds: Iterator[dict[str, np.ndarray]] = ({name: each} for each in inputs)

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def quantize(graph: Path, inputs: Calibration, trials: Trials | None) -> onnx.ModelProto:
    """Quantises layers of a graph to int8.

    Activations are unsigned, between the smallest and the largest value seen, and weights are
    signed with a scale for each channel, which ONNX Runtime's CPU kernels run fastest.

    Args:
        graph: ONNX file in float32; temporary files are created beside it.
        inputs: Inputs on which the range of each layer is measured.
        trials: Measure the accuracy to preserve: 0, 1, 2, 4, 8 … convolutions next to the input
            and to the outputs stay in float32, until it is reached or none is left in int8. None
            keeps 4 in float32.

    Returns:
        The quantised model.
    """
    prepared = graph.with_suffix('.prepared.onnx')
    quant_pre_process(str(graph), str(prepared), skip_symbolic_shape=True)
    if trials is None:
        return _quantize(prepared, inputs, ENDS)
    ends = 0
    while not trials.keeps_goal(model := _quantize(prepared, inputs, ends)):
        ends = max(1, 2 * ends)
        if not _int8_nodes(onnx.load(prepared).graph, ends):
            break
    return model


def _int8_nodes(graph: onnx.GraphProto, ends: int) -> list[onnx.NodeProto]:
    left = set(float_nodes(graph, ends))
    return [node for node in graph.node if node.op_type in _KINDS and node.name not in left]


def _quantize(prepared: Path, inputs: Calibration, ends: int) -> onnx.ModelProto:
    graph, target = onnx.load(prepared).graph, prepared.with_suffix('.int8.onnx')
    nodes = _int8_nodes(graph, ends)
    quantize_static(
        prepared,
        target,
        _Reader(inputs, graph.input[0].name),
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=sorted({node.op_type for node in nodes}),
        nodes_to_quantize=[node.name for node in nodes],
    )
    return onnx.load(target)
