"""Which layers of a graph stay in float32."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnx import GraphProto

#: So many convolutions, counted from the input and from the outputs, are the most sensitive ones
#: of the networks here: left in float32, they keep 1.4 to 2.4 points of AP with ONNX Runtime.
ENDS = 4


def float_nodes(graph: GraphProto, ends: int = 0) -> list[str]:
    """Names of the nodes that stay in float32.

    Always those after the last convolutions: they make the outputs (averages over levels,
    keypoints), whose errors nothing evens out, and take next to no time.

    Args:
        graph: Of an ONNX model, its nodes in topological order.
        ends: How many convolutions, counted from the input and from the outputs, stay in float32,
            with all that lies before the first and after the last of them.
    """
    before, after = _convolutions_before(graph), _convolutions_after(graph)
    return [
        node.name
        for node in graph.node
        if before[node.name] < ends or after[node.name] < ends + (node.op_type != 'Conv')
    ]


def _convolutions_before(graph: GraphProto) -> dict[str, int]:
    """How many convolutions lie on the longest way from the input to each node."""
    made: dict[str, int] = {}
    counts = {}
    for node in graph.node:
        counts[node.name] = max((made.get(name, 0) for name in node.input), default=0)
        made.update(dict.fromkeys(node.output, counts[node.name] + (node.op_type == 'Conv')))
    return counts


def _convolutions_after(graph: GraphProto) -> dict[str, int]:
    """How many convolutions lie on the longest way from each node to an output."""
    used: dict[str, int] = {}
    counts = {}
    for node in reversed(graph.node):
        counts[node.name] = max((used.get(name, 0) for name in node.output), default=0)
        for name in node.input:
            used[name] = max(used.get(name, 0), counts[node.name] + (node.op_type == 'Conv'))
    return counts


def convolution_precisions(graph: GraphProto) -> dict[str, str]:
    """``'int8'`` or ``'fp32'`` for each convolution of a graph that was quantised."""
    made = {
        name for node in graph.node if node.op_type == 'DequantizeLinear' for name in node.output
    }
    return {
        node.name: 'int8' if made.intersection(node.input[:2]) else 'fp32'
        for node in graph.node
        if node.op_type == 'Conv'
    }
