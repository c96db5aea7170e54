"""Graphs that take images give what they gave for normalised images."""

import numpy as np
import onnx
import pytest
from exported import card_of, tiny_estimator
from msgspec.structs import replace
from onnx import helper
from onnx_graphs import graph_of

from litepose_mm.apis.description import deploy_graph, describe
from litepose_mm.deploy.image_input import take_images
from litepose_mm.deploy.onnx_export import export_onnx
from litepose_mm.inference.engines.onnxruntime import open_session
from litepose_mm.inference.preprocessing import Normaliser

IMAGES = np.random.default_rng(0).integers(0, 256, (2, 8, 6, 3), np.uint8)


def convolution(inputs, weights, output, **attributes):
    return helper.make_node('Conv', [inputs, weights], [output], **attributes)


def nodes_of(kind):
    """Nodes that read the input ``inputs`` and write ``output``."""
    padded = convolution('inputs', 'first', 'output', pads=[1, 1, 1, 1])
    if kind == 'a convolution':
        return [padded]
    if kind == 'padding, then a convolution':
        return [
            helper.make_node('Pad', ['inputs', 'pads'], ['padded']),
            convolution('padded', 'first', 'output'),
        ]
    if kind == 'two convolutions':
        return [
            convolution('inputs', 'first', 'a', pads=[1, 1, 1, 1]),
            convolution('inputs', 'second', 'b'),
            helper.make_node('Add', ['a', 'b'], ['output']),
        ]
    if kind == 'one weight for two convolutions':  # as for an image and its mirror image
        return [
            convolution('inputs', 'second', 'a'),
            helper.make_node('Relu', ['a'], ['c']),
            convolution('inputs', 'second', 'b'),
            helper.make_node('Add', ['c', 'b'], ['output']),
        ]
    return [padded, helper.make_node('Relu', ['inputs'], ['unused'])]  # something else reads it


@pytest.mark.parametrize('order', ['rgb', 'bgr'])
@pytest.mark.parametrize(
    'kind',
    [
        'a convolution',
        'padding, then a convolution',
        'two convolutions',
        'one weight for two convolutions',
        'something else',
    ],
)
def test_outputs_stay(tmp_path, kind, order):
    random = np.random.default_rng(1)
    weights = random.standard_normal((4, 3, 3, 3)).astype(np.float32)
    constants = {
        'first': weights,
        'second': random.standard_normal((4, 3, 1, 1)).astype(np.float32),
        'pads': np.array([0, 0, 1, 1, 0, 0, 1, 1]),
    }
    nodes = nodes_of(kind)
    used = {name: each for name, each in constants.items() if any(name in n.input for n in nodes)}
    model = graph_of(nodes, ['N', 3, 'H', 'W'], used)
    for _ in range(4):
        model.graph.output[0].type.tensor_type.shape.dim.add()
    onnx.save(model, tmp_path / 'model.onnx')
    card = replace(card_of(tiny_estimator()), channel_order=order)
    expected = run(tmp_path / 'model.onnx', Normaliser(card)(IMAGES))
    found = run(take_images(tmp_path / 'model.onnx', card), IMAGES)
    np.testing.assert_allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize('flip_test', [False, True])
def test_a_network_needs_no_more_multiplications(tmp_path, flip_test):
    estimator = tiny_estimator(flip_test=flip_test)
    card = describe(estimator.model)
    file = export_onnx(deploy_graph(estimator.model, card), tmp_path / 'model.onnx')
    before, after = (
        [node.op_type for node in onnx.load(each).graph.node]
        for each in (file, take_images(file, card))
    )
    assert after == ['Transpose', 'Cast', 'Sub', *before]


def run(file, inputs):
    return open_session(file.read_bytes(), 1).run(None, {'inputs': inputs})[0]
