"""Which layers int8 can take."""

import pytest

from litepose_mm.apis.description import deploy_graph, describe
from litepose_mm.deploy import export_onnx
from litepose_mm.deploy.quantization.graph import int8_layers, prepare


@pytest.mark.parametrize('outputs', ['maps', 'candidates'])
def test_what_makes_the_outputs_stays_in_float(tiny, tmp_path, outputs):
    card = describe(tiny.model, outputs=outputs)
    graph = export_onnx(deploy_graph(tiny.model, card), tmp_path / 'model.onnx')
    model = prepare(graph, tmp_path / 'prepared.onnx')
    nodes = {node.name: node for node in model.graph.node}
    assert len(nodes) == len(model.graph.node)
    layers = int8_layers(model)
    assert {node.name for node in nodes.values() if node.op_type == 'Conv'} <= set(layers)
    kinds = {nodes[name].op_type for name in layers}
    assert {'Conv', 'Add', 'Concat', 'DepthToSpace'} == kinds
    last = max(place for place, name in enumerate(nodes) if nodes[name].op_type == 'Conv')
    assert all(list(nodes).index(name) <= last for name in layers)
