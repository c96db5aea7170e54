"""Which layers of a graph int8 can take."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import ModelProto

# Convolutions, and what lies between two of them and costs less where no float32 comes between.
_KINDS = {'Add', 'AveragePool', 'Concat', 'Conv', 'DepthToSpace', 'MaxPool', 'Resize'}


def prepare(graph: Path, target: Path) -> ModelProto:
    """Writes the graph with all shapes known and constants folded, which quantisers ask for."""
    import onnx
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quant_pre_process(str(graph), str(target), skip_symbolic_shape=True)
    return onnx.load(target)


def int8_layers(model: ModelProto) -> list[str]:
    """Names of the nodes that int8 can take, in order.

    What follows the last convolutions is left out: it makes the outputs (averages over levels,
    keypoints), whose errors nothing evens out, and takes next to no time.
    """
    makers = {output: node for node in model.graph.node for output in node.output}
    before: set[str] = set()
    waiting = [name for node in model.graph.node if node.op_type == 'Conv' for name in node.input]
    while waiting:
        node = makers.get(waiting.pop())
        if node is not None and node.name not in before:
            before.add(node.name)
            waiting += node.input
    return [
        node.name
        for node in model.graph.node
        if node.op_type in _KINDS and (node.op_type == 'Conv' or node.name in before)
    ]
