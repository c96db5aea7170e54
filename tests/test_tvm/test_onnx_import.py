"""What TVM computes for an imported graph, compared with ONNX's reference and with torch."""

import numpy as np
import pytest
import torch
import tvm
from deploy_networks import ZOO, deploy_graph, network
from onnx import helper
from onnx.reference import ReferenceEvaluator
from onnx_graphs import graph_of

from litepose_mm.deploy.onnx_export import export_onnx
from litepose_mm.tvm.onnx_import import import_onnx
from litepose_mm.tvm.runtime import Network

RANDOM = np.random.default_rng(0)


def run(module, inputs):
    return Network(tvm.compile(module, target=tvm.target.Target({'kind': 'llvm'}))).run(inputs)


def weight(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def ints(*values):
    return np.array(values, np.int64)


def conv(**attributes):
    return helper.make_node('Conv', ['inputs', 'weight', 'bias'], ['output'], **attributes)


def node(kind, *inputs, **attributes):
    return helper.make_node(kind, ['inputs', *inputs], ['output'], **attributes)


CASES = {
    'conv': (conv(pads=[1, 1, 1, 1]), dict(weight=weight(6, 4, 3, 3), bias=weight(6))),
    'conv with steps': (
        conv(strides=[2, 1], pads=[0, 1, 2, 1]),
        dict(weight=weight(6, 4, 3, 3), bias=weight(6)),
    ),
    'dilated conv': (
        conv(dilations=[2, 2], pads=[2, 2, 2, 2]),
        dict(weight=weight(6, 4, 3, 3), bias=weight(6)),
    ),
    'depthwise conv': (
        conv(group=4, pads=[3, 3, 3, 3]),
        dict(weight=weight(4, 1, 7, 7), bias=weight(4)),
    ),
    'grouped conv': (conv(group=2), dict(weight=weight(6, 2, 1, 1), bias=weight(6))),
    'add per channel': (node('Add', 'one'), dict(one=weight(4, 1, 1))),
    'subtract': (node('Sub', 'one'), dict(one=weight(1, 4, 1, 8))),
    'multiply': (node('Mul', 'one'), dict(one=weight(6, 8))),
    'divide': (node('Div', 'one'), dict(one=np.float32(2.0))),
    'relu': (node('Relu'), {}),
    'clip': (node('Clip', 'low', 'high'), dict(low=np.float32(0), high=np.float32(1))),
    'clip above': (node('Clip', '', 'high'), dict(high=np.float32(1))),
    'sigmoid': (node('Sigmoid'), {}),
    'elu': (node('Elu', alpha=0.5), {}),
    'concat': (node('Concat', 'one', axis=1), dict(one=weight(1, 2, 6, 8))),
    'slice': (
        node('Slice', 'starts', 'ends', 'axes', 'steps'),
        dict(starts=ints(1, -1), ends=ints(100, -100), axes=ints(1, 3), steps=ints(2, -1)),
    ),
    'gather': (node('Gather', 'one', axis=1), dict(one=ints(3, 0, -2))),
    'pad': (
        node('Pad', 'pads', 'value'),
        dict(pads=ints(0, 1, 0, 2, 0, 0, 3, 1), value=np.float32(2)),
    ),
    'average of all': (node('GlobalAveragePool'), {}),
    'depth to space': (node('DepthToSpace', blocksize=2), {}),
    'depth to space, columns first': (node('DepthToSpace', blocksize=2, mode='CRD'), {}),
    'nearest': (
        node(
            'Resize',
            '',
            'scales',
            mode='nearest',
            coordinate_transformation_mode='asymmetric',
            nearest_mode='floor',
        ),
        dict(scales=np.array([1, 1, 2, 2], np.float32)),
    ),
    'linear': (
        node('Resize', '', '', 'sizes', mode='linear', coordinate_transformation_mode='half_pixel'),
        dict(sizes=ints(1, 4, 12, 16)),
    ),
    # TVM's own importer takes what has none here.
    'another operator': (node('HardSwish'), {}),
}


@pytest.mark.parametrize('name', CASES)
def test_an_operator(name):
    one, constants = CASES[name]
    model = graph_of([one], (1, 4, 6, 8), constants)
    inputs = weight(1, 4, 6, 8)
    (expected,) = ReferenceEvaluator(model).run(None, {'inputs': inputs})
    (found,) = run(import_onnx(model.SerializeToString()), inputs)
    np.testing.assert_allclose(found, expected, atol=2e-5)


def test_constants_and_shapes_are_computed_at_import():
    """What reads the shape of a map is gone, and only one resize is left."""
    nodes = [
        helper.make_node('Shape', ['inputs'], ['shape']),
        helper.make_node('Slice', ['shape', 'start', 'end'], ['plane']),
        helper.make_node('Mul', ['plane', 'two'], ['larger']),
        helper.make_node('Concat', ['front', 'larger'], ['sizes'], axis=0),
        helper.make_node('Resize', ['inputs', '', '', 'sizes'], ['output'], mode='linear'),
    ]
    constants = dict(start=ints(2), end=ints(4), two=ints(2), front=ints(1, 3))
    model = graph_of(nodes, (1, 3, 4, 5), constants)
    module = import_onnx(model.SerializeToString())
    inputs = weight(1, 3, 4, 5)
    (expected,) = ReferenceEvaluator(model).run(None, {'inputs': inputs})
    np.testing.assert_allclose(run(module, inputs)[0], expected, atol=1e-5)
    assert str(module).count('R.image.resize2d') == 1 and 'shape_of' not in str(module)


def test_an_open_batch_becomes_one_and_an_open_size_is_refused():
    module = import_onnx(graph_of([node('Relu')], ('batch', 3, 4, 4)).SerializeToString())
    assert [int(side) for side in module['main'].params[0].ty.shape] == [1, 3, 4, 4]
    with pytest.raises(ValueError, match='fixed input shape'):
        import_onnx(graph_of([node('Relu')], (1, 3, 'height', 4)).SerializeToString())


@pytest.mark.parametrize('name', ZOO)
def test_every_family(name, tmp_path):
    graph = deploy_graph(network(name))
    file = export_onnx(
        graph, tmp_path / 'a.onnx', input_shape=(1, 3, 128, 128), any_size=False, any_batch=False
    )
    module = import_onnx(file)
    assert 'R.nn.conv2d' in str(module) and 'NCHW' not in str(module)
    inputs = torch.randn(1, 3, 128, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = graph(inputs)
    for found, right in zip(run(module, inputs.numpy()), expected):
        assert np.abs(found - right.numpy()).max() < 1e-3 * right.abs().max()
