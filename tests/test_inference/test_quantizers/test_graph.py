"""Which layers stay in float32."""

import onnx
import pytest

from litepose_mm.apis.description import deploy_graph, describe
from litepose_mm.deploy import export_onnx
from litepose_mm.inference.quantizers.graph import convolution_precisions, float_nodes


@pytest.fixture(params=['maps', 'candidates'])
def network(request, tiny, tmp_path):
    card = describe(tiny.model, outputs=request.param)
    return onnx.load(export_onnx(deploy_graph(tiny.model, card), tmp_path / 'model.onnx')).graph


def test_what_makes_the_outputs_stays_in_float(network):
    left, names = set(float_nodes(network)), [node.name for node in network.node]
    convolutions = [node.name for node in network.node if node.op_type == 'Conv']
    assert left and not left & set(convolutions)
    places = [names.index(name) for name in left]
    assert all(place > names.index(convolutions[-1]) for place in places)


def test_both_ends_stay_in_float(network):
    convolutions = [node.name for node in network.node if node.op_type == 'Conv']
    assert set(convolution_precisions(network).values()) == {'fp32'}
    before = set(float_nodes(network))
    for ends in (1, 2, len(convolutions)):
        left = set(float_nodes(network, ends))
        assert before < left and {convolutions[0], convolutions[-1]} <= left
        before = left
    assert left == {node.name for node in network.node}
