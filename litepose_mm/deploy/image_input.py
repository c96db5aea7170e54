"""Let a graph take images as they are, so that nothing normalises them in advance."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ..inference.card import ModelCard

# Nodes between the input and the first convolutions that neither mix nor change values, apart from
# adding zeros: a flip test and padding.
_PASSING = ('Slice', 'Pad', 'Identity')
_NORMALISED = 'normalised'


def take_images(onnx_file: Path, card: ModelCard) -> Path:
    """Write a graph whose input is BGR images, uint8 ``(B, H, W, 3)``, in place of normalised ones.

    The graph subtracts the mean itself. Channel order and standard deviation go into the weights of
    the convolutions that read the input. Zeros that pad the input stay zeros.

    Args:
        onnx_file: The graph of normalised images.
        card: Card of the model, whose normalisation is used.

    Returns:
        The file, beside the other one.
    """
    model = onnx.load(onnx_file)
    graph = model.graph
    channels = [2, 1, 0] if card.channel_order == 'rgb' else [0, 1, 2]
    (entry,) = graph.input
    name, sides = entry.name, entry.type.tensor_type.shape.dim
    for node in graph.node:
        node.input[:] = [_NORMALISED if each == name else each for each in node.input]
    nodes = [
        helper.make_node('Transpose', [name], ['planes'], perm=[0, 3, 1, 2]),
        helper.make_node('Cast', ['planes'], ['image'], to=TensorProto.FLOAT),
        helper.make_node('Sub', ['image', 'mean'], [_NORMALISED]),
    ]
    mean = np.array(card.mean, np.float32)[channels, None, None]
    constants = {'mean': mean}
    convolutions = _first_convolutions(graph)
    scale = 1 / np.array(card.std)
    if convolutions is None:
        nodes[-1].output[0] = 'bgr'
        nodes += [
            helper.make_node('Gather', ['bgr', 'channels'], ['ordered'], axis=1),
            helper.make_node('Mul', ['ordered', 'scale'], [_NORMALISED]),
        ]
        constants['channels'] = np.array(channels)
        constants['scale'] = scale.astype(np.float32)[:, None, None]
    else:
        for weights in convolutions:
            own = numpy_helper.to_array(weights)
            scaled = (own * scale[:, None, None])[:, channels].astype(np.float32)
            weights.CopyFrom(numpy_helper.from_array(scaled, weights.name))
    for index, node in enumerate(nodes):
        graph.node.insert(index, node)
    graph.initializer.extend(numpy_helper.from_array(each, own) for own, each in constants.items())
    order = [sides[0], sides[2], sides[3], sides[1]]
    shape = [side.dim_param or side.dim_value for side in order]
    entry.CopyFrom(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
    del graph.value_info[:]
    onnx.checker.check_model(model, full_check=True)
    written = onnx_file.with_suffix('.images.onnx')
    onnx.save(model, written)
    return written


def _first_convolutions(graph: onnx.GraphProto) -> list[TensorProto] | None:
    """Return the weights of all convolutions that read the input; None if others do so too."""
    weights = {each.name: each for each in graph.initializer}
    readers = list(_readers(graph, _NORMALISED))
    names = {node.input[1] for node in readers if len(node.input) > 1}
    used = [node for node in graph.node if names & set(node.input)]
    if (
        not readers
        or any(node.op_type != 'Conv' or node.input[1] not in weights for node in readers)
        or len(used) != len(readers)
        or any(weights[each].dims[1] != 3 for each in names)
    ):
        return None
    return [weights[each] for each in sorted(names)]


def _readers(graph: onnx.GraphProto, name: str) -> Iterator[NodeProto]:
    for node in graph.node:
        if name in node.input:
            if node.op_type in _PASSING and node.input[0] == name:
                yield from _readers(graph, node.output[0])
            else:
                yield node
