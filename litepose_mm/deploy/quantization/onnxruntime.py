"""ONNX Runtime's own quantiser."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import create_calibrator
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from .base import Quantizer

# What follows a layer and goes into its kernel: its range is that of the layer's output.
_ACTIVATIONS = {'Clip', 'Relu'}


class _Reader(CalibrationDataReader):
    def __init__(self, inputs: Iterable[np.ndarray], name: str) -> None:
        self._feeds: Iterator[dict] = ({name: each} for each in inputs)

    def get_next(self) -> dict | None:
        return next(self._feeds, None)


class OnnxRuntimeQuantizer(Quantizer):
    """Unsigned activations between the smallest and the largest value seen; signed weights, with
    a scale for each channel: what its kernels for processors are fastest with.

    Ranges are measured once, so that quantising again takes no more than a second.
    """

    def __init__(self, graph: Path, inputs: Sequence[np.ndarray], layers: Sequence[str]) -> None:
        super().__init__(graph, inputs, layers)
        self._model = onnx.shape_inference.infer_shapes(onnx.load(graph))
        kinds = {node.op_type for node in self._model.graph.node if node.name in self.layers}
        self._kinds = sorted(kinds | _ACTIVATIONS)
        calibrator = create_calibrator(
            graph,
            self._kinds,
            augmented_model_path=str(graph.with_suffix('.observed.onnx')),
            calibrate_method=CalibrationMethod.MinMax,
            extra_options={},
        )
        calibrator.collect_data(_Reader(inputs, self._model.graph.input[0].name))
        self._ranges = calibrator.compute_data()

    def quantize(self, in_float: Collection[str]) -> onnx.ModelProto:
        return self.quantize_only([name for name in self.layers if name not in in_float])

    def quantize_only(self, layers: Sequence[str]) -> onnx.ModelProto:
        """The graph with int8 in these layers."""
        copy = onnx.ModelProto()
        copy.CopyFrom(self._model)
        if not layers:  # an empty list means all of them to ONNX Runtime
            return copy
        quantizer = QDQQuantizer(
            copy,
            per_channel=True,
            reduce_range=False,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=self._ranges,
            nodes_to_quantize=[*layers, *self._activations(layers)],
            nodes_to_exclude=[],
            op_types_to_quantize=self._kinds,
            extra_options={},
        )
        quantizer.quantize_model()
        return quantizer.model.model

    def _activations(self, layers: Sequence[str]) -> list[str]:
        nodes, wanted = self._model.graph.node, set(layers)
        outputs = {output for node in nodes if node.name in wanted for output in node.output}
        return [
            node.name for node in nodes if node.op_type in _ACTIVATIONS and node.input[0] in outputs
        ]
