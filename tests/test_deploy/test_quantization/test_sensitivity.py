"""How much each layer costs."""

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from litepose_mm.deploy.quantization.graph import int8_layers, prepare
from litepose_mm.deploy.quantization.onnxruntime import OnnxRuntimeQuantizer
from litepose_mm.deploy.quantization.sensitivity import layer_errors


@pytest.fixture(scope='module')
def inputs():
    return [np.random.default_rng(0).normal(size=(1, 3, 64, 64)).astype(np.float32)]


def test_every_layer_has_an_error_of_both_outputs(graph, inputs):
    errors = layer_errors(graph, inputs)
    assert len({each.name for each in errors}) == len(errors) > 20
    assert all(set(each.errors) == {'heatmaps', 'tags'} for each in errors)
    means = [each.mean for each in errors]
    assert means == sorted(means, reverse=True) and means[0] < 1
    assert all(mean > 0 for mean in means[: len(means) // 2])


def test_a_wide_range_makes_a_layer_sensitive(graph, inputs, tmp_path):
    """One channel a thousand times as large as the others leaves these few of 256 steps."""
    model = onnx.load(graph)
    convolutions = [node for node in model.graph.node if node.op_type == 'Conv']
    wide, reader = next(
        (one, other)
        for one, other in zip(convolutions, convolutions[1:])
        if other.input[0] == one.output[0]
    )
    weights = {each.name: each for each in model.graph.initializer}

    def scale(name, factor, index):
        values = numpy_helper.to_array(weights[name]).copy()
        values[index] *= factor
        weights[name].CopyFrom(numpy_helper.from_array(values, name))

    scale(wide.input[1], 1000, 0)
    scale(reader.input[1], 0.001, (slice(None), 0))
    onnx.save(model, tmp_path / 'wide.onnx')

    def error(path):
        return next(each.mean for each in layer_errors(path, inputs) if each.name == wide.name)

    assert error(tmp_path / 'wide.onnx') > 10 * error(graph)


def test_no_layer_is_quantised_or_some(graph, inputs, tmp_path):
    prepared = tmp_path / 'prepared.onnx'
    layers = int8_layers(prepare(graph, prepared))
    quantizer = OnnxRuntimeQuantizer(prepared, inputs, layers)

    def quantised(model):
        """Convolutions with weights in int8."""
        made = {node.output[0] for node in model.graph.node if node.op_type == 'DequantizeLinear'}
        return {
            node.name
            for node in model.graph.node
            if node.op_type == 'Conv' and node.input[1] in made
        }

    assert not quantised(quantizer.quantize(layers))
    convolutions = {node.name for node in onnx.load(graph).graph.node if node.op_type == 'Conv'}
    assert quantised(quantizer.quantize([])) == convolutions
    some = set(layers[::2])
    assert quantised(quantizer.quantize(some)) == convolutions - some
