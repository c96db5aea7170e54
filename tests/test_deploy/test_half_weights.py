"""Weights in half precision, in a file that several graphs share."""

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx_graphs import graph_of

from litepose_mm.deploy.half_weights import save_with_half_weights
from litepose_mm.inference.engines.onnxruntime import open_session

INPUTS = np.random.default_rng(0).standard_normal((2, 16), dtype=np.float32)


def product(weights, shift):
    nodes = [
        helper.make_node('MatMul', ['inputs', 'weights'], ['product']),
        helper.make_node('Add', ['product', 'shift'], ['output']),
    ]
    return graph_of(nodes, [2, 16], {'weights': weights, 'shift': shift})


def test_graphs_share_weights_and_keep_small_constants_exact(tmp_path):
    weights = np.random.default_rng(1).standard_normal((16, 8)).astype(np.float32)
    shifts = [np.float32([value]) for value in (0.1, 0.2)]  # neither is exact in half precision
    graphs = {
        tmp_path / f'{index}.onnx': product(weights, shift) for index, shift in enumerate(shifts)
    }
    save_with_half_weights(graphs, tmp_path / 'weights.bin')
    assert (tmp_path / 'weights.bin').stat().st_size == 2 * weights.size
    half = weights.astype(np.float16).astype(np.float32)
    for path, shift in zip(graphs, shifts):
        (found,) = open_session(path, 1).run(None, {'inputs': INPUTS})
        np.testing.assert_allclose(found, INPUTS @ half + shift, atol=1e-5)


def test_weights_beyond_half_precision_stay(tmp_path):
    weights = np.full((16, 8), 1e6, np.float32)
    path = tmp_path / 'model.onnx'
    save_with_half_weights({path: product(weights, np.float32([0]))}, tmp_path / 'weights.bin')
    (own,) = (each for each in onnx.load(path).graph.initializer if each.name == 'weights')
    np.testing.assert_array_equal(numpy_helper.to_array(own), weights)
