import sys
import warnings
from copy import deepcopy

import pytest
import torch
from compiler import needs_compiler
from deploy_networks import LEVELS, mirror, network, with_statistics
from networks import TINY, litepose

from litepose_mm.deploy import export_onnx, to_deploy_form
from litepose_mm.deploy.onnx_export import DeployGraph
from litepose_mm.errors import LitePoseError
from litepose_mm.models.kernels import quicken

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return with_statistics(litepose(TINY, 6))


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, ['CPUExecutionProvider'])


def names(values):
    return [value.name for value in values]


@torch.no_grad()
def both(model, runtime, shape, **options):
    """What the model gives, and what the runtime gives."""
    inputs = torch.randn(shape)
    found = runtime.run(None, {'inputs': inputs.numpy()})
    expected = model.deploy_forward(inputs, **options)
    assert [value.shape for value in found] == [tuple(value.shape) for value in expected]
    return expected, [torch.from_numpy(value) for value in found]


def assert_same_maps(model, runtime, shape, **options):
    for expected, found in zip(*both(model, runtime, shape, **options)):
        assert expected.abs().max() > 0.05
        torch.testing.assert_close(found, expected, atol=1e-4, rtol=0)


def assert_same_candidates(model, runtime, shape, **options):
    (values, positions, tags), found = both(model, runtime, shape, outputs='candidates', **options)
    torch.testing.assert_close(found[0], values, atol=1e-5, rtol=0)
    # Values that differ by rounding only may change places.
    gaps = torch.nn.functional.pad(values[..., :-1] - values[..., 1:], (1, 1), value=1)
    clear = (torch.minimum(gaps[..., 1:], gaps[..., :-1]) > 1e-5) & (values > 0)
    assert clear.sum() > 50
    assert torch.equal(found[1][clear], positions[clear])
    torch.testing.assert_close(found[2][clear], tags[clear], atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    'name',
    [*(f'litepose-{size}_crowdpose' for size in ('xs', 's', 'm', 'l')), 'fusion-mobilenetv2'],
)
def test_dynamic_maps_of_every_network(name, tmp_path):
    model = network(name)
    runtime = session(export_onnx(model, tmp_path / 'model.onnx', input_shape=(1, 3, 64, 64)))
    assert names(runtime.get_inputs()) == ['inputs']
    assert names(runtime.get_outputs()) == ['heatmaps', 'tags']
    assert_same_maps(model, runtime, (1, 3, 64, 64))
    assert_same_maps(model, runtime, (2, 3, 128, 64))


@pytest.mark.parametrize('name', LEVELS)
def test_candidates_of_every_kind_of_levels(name, tmp_path):
    model = network(name)
    path = export_onnx(
        model, tmp_path / 'model.onnx', input_shape=(1, 3, 64, 64), outputs='candidates'
    )
    assert names(session(path).get_outputs()) == ['values', 'positions', 'tags']
    assert_same_candidates(model, session(path), (2, 3, 64, 128))


@pytest.mark.parametrize('dynamic', [True, False])
@pytest.mark.parametrize('outputs', ['maps', 'candidates'])
def test_flip_in_the_graph(model, outputs, dynamic, tmp_path):
    flip = dict(flip_test=True, flip_indices=mirror(model), shift_heatmap=not dynamic)
    options = dict(flip, outputs=outputs, input_shape=(2, 3, 64, 128), dynamic=dynamic)
    runtime = session(export_onnx(model, tmp_path / 'model.onnx', **options))
    compare = assert_same_maps if outputs == 'maps' else assert_same_candidates
    compare(model, runtime, (2, 3, 64, 128), **flip)
    if dynamic:
        compare(model, runtime, (1, 3, 128, 192), **flip)
        compare(model, runtime, (3, 3, 97, 71), **flip)
    else:
        with pytest.raises(Exception, match='invalid dimensions'):
            runtime.run(None, {'inputs': torch.zeros(1, 3, 64, 128).numpy()})


@pytest.mark.parametrize('opset', [11, 20])
def test_other_opsets(model, opset, tmp_path):
    options = dict(outputs='candidates', top_k=9)
    path = export_onnx(model, tmp_path / 'model.onnx', opset=opset, **options)
    assert onnx.load(path).opset_import[0].version == opset
    assert_same_candidates(model, session(path), (2, 3, 64, 128), top_k=9)


def test_the_networks_own_layers(model, tmp_path):
    model.train()
    path = export_onnx(model, tmp_path / 'model.onnx', deploy_form=False)
    assert model.training
    model.eval()
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert 'ConvTranspose' in operators
    assert_same_maps(model, session(path), (1, 3, 64, 128))


def test_the_deploy_form_has_plain_convolutions_only(model, tmp_path):
    path = export_onnx(model, tmp_path / 'model.onnx', dynamic=False)
    operators = [node.op_type for node in onnx.load(path).graph.node]
    assert operators.count('DepthToSpace') == 3
    assert not {'ConvTranspose', 'BatchNormalization'} & set(operators)


@needs_compiler
def test_a_network_that_was_quickened_for_training(model, tmp_path):
    trained = deepcopy(model)
    assert quicken(trained)
    runtime = session(export_onnx(trained, tmp_path / 'model.onnx'))
    assert_same_maps(model, runtime, (1, 3, 64, 128))


def test_nothing_is_said(model, tmp_path, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for outputs in ('maps', 'candidates'):
            flip = dict(flip_test=True, flip_indices=mirror(model))
            export_onnx(model, tmp_path / 'model.onnx', outputs=outputs, **flip)
    assert capfd.readouterr() == ('', '')
    assert [path.name for path in tmp_path.iterdir()] == ['model.onnx']


def test_torch_export_takes_the_graph(model):
    # What torch's newer ONNX exporter and TVM start from.
    inputs = torch.randn(1, 3, 64, 64)
    graph = DeployGraph(to_deploy_form(model), outputs='candidates').eval()
    for found, expected in zip(
        torch.export.export(graph, (inputs,)).module()(inputs), graph(inputs)
    ):
        assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(input_shape=(3, 64, 64)), r'input_shape must be .*, got \(3, 64, 64\)'),
        (dict(input_shape=(1, 1, 64, 64)), 'input_shape must be'),
        (dict(outputs='people'), 'outputs must be one of'),
        (dict(flip_test=True), 'flip_indices'),
        (dict(opset=9), 'opset must be 11 to 20, got 9'),
        (dict(outputs='candidates', top_k=10**6), 'cannot be exported .*out of range'),
    ],
)
def test_bad_options_are_one_line(model, options, message, tmp_path):
    with pytest.raises(LitePoseError, match=message) as caught:
        export_onnx(model, tmp_path / 'model.onnx', **options)
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_model_without_the_graph_is_one_line(tmp_path):
    with pytest.raises(LitePoseError, match='expected a MultiScaleBottomupPoseEstimator'):
        export_onnx(torch.nn.Conv2d(3, 3, 1), tmp_path / 'model.onnx')


def test_a_missing_package_is_one_line(model, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(LitePoseError, match=r'pip install "litepose_mm\[export\]"'):
        export_onnx(model, tmp_path / 'model.onnx')


def test_a_file_that_is_not_valid_is_one_line(model, monkeypatch, tmp_path):
    def refuse(*args, **options):
        raise onnx.checker.ValidationError('bad\nnode')

    monkeypatch.setattr(onnx.checker, 'check_model', refuse)
    with pytest.raises(LitePoseError, match='not valid .*bad node') as caught:
        export_onnx(model, tmp_path / 'model.onnx')
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(model, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(LitePoseError, match='cannot write'):
        export_onnx(model, tmp_path / 'file' / 'model.onnx')
