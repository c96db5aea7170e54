"""NNCF's accuracy control, with outputs in place of people."""

from types import SimpleNamespace

import numpy as np
import onnx
import pytest
from exported import card_of
from onnx import TensorProto, numpy_helper

from litepose_mm.deploy.quantization.calibration import Calibration, calibration_images
from litepose_mm.deploy.quantization.int8_export import relative_error
from litepose_mm.inference.engines.onnxruntime import open_session
from litepose_mm.inference.quantizers.graph import convolution_precisions


class OutputsKept:
    """The accuracy of a graph is how near its heatmaps are to those in float32, in percent."""

    def __init__(self, graph, inputs, max_loss):
        self.goal = SimpleNamespace(max_loss=max_loss)
        self.inputs, self.images = inputs, [0, 1]
        self.expected = [self.run(onnx.load(graph), number) for number in self.images]

    def run(self, model, number):
        session = open_session(model.SerializeToString(), threads=1)
        return session.run(None, {'inputs': self.inputs[number]})[0]

    def __call__(self, model, images):
        near = [
            100 - 100 * relative_error(self.run(model, number), self.expected[number])
            for number in images
        ]
        return float(np.mean(near)), near


def test_layers_return_to_float32_until_the_accuracy_is_kept(tiny, graph, images):
    pytest.importorskip('nncf')
    from litepose_mm.inference.quantizers.nncf import quantize

    inputs = Calibration(calibration_images(images), card_of(tiny))
    anything = OutputsKept(graph, inputs, 100)
    all_int8 = quantize(graph, inputs, anything)
    assert set(convolution_precisions(all_int8.graph).values()) == {'int8'}
    loss = 100 - anything(all_int8, anything.images)[0]
    half = OutputsKept(graph, inputs, loss / 2)
    kept = quantize(graph, inputs, half)
    assert 0 < 100 - half(kept, half.images)[0] <= loss / 2
    assert set(convolution_precisions(kept.graph).values()) == {'int8', 'fp32'}

    # Processors without VNNI add pairs of products, of activations up to 255, in 16 bits, except in
    # depthwise layers.
    weights = [
        numpy_helper.to_array(each).astype(int)
        for model in (all_int8, kept)
        for each in model.graph.initializer
        if each.data_type == TensorProto.INT8 and len(each.dims) == 4 and each.dims[1] > 1
    ]
    assert len(weights) > 10
    assert all(2 * 255 * np.abs(each).max() < 2**15 for each in weights)
