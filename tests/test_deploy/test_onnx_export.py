import sys
import warnings

import pytest
import torch
from deploy_networks import LEVELS, ZOO, deploy_graph, network, with_statistics
from networks import TINY, litepose
from pipelines import ae_codec

from litepose_mm.deploy import export_onnx, to_deploy_form
from litepose_mm.errors import LitePoseError

onnx = pytest.importorskip('onnx')
onnxruntime = pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(0)
    return with_statistics(litepose(TINY, 6))


def with_top_k(count):
    """A network of which as many candidates of a keypoint leave the graph."""
    torch.manual_seed(0)
    codec = ae_codec(input_size=(64, 64), decode_topk=count)
    return with_statistics(litepose(TINY, 6, decoder=codec))


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, ['CPUExecutionProvider'])


def names(values):
    return [value.name for value in values]


@torch.no_grad()
def both(graph, runtime, shape):
    """What torch gives, and what the runtime gives."""
    inputs = torch.randn(shape)
    found = runtime.run(None, {'inputs': inputs.numpy()})
    expected = graph(inputs)
    assert [value.shape for value in found] == [tuple(value.shape) for value in expected]
    return expected, [torch.from_numpy(value) for value in found]


def assert_same_maps(graph, runtime, shape):
    for expected, found in zip(*both(graph, runtime, shape), strict=True):
        largest = float(expected.abs().max())
        assert largest > 0.05
        torch.testing.assert_close(found, expected, atol=1e-4 * max(largest, 1), rtol=0)


def assert_same_candidates(graph, runtime, shape):
    (values, positions, tags), found = both(graph, runtime, shape)
    torch.testing.assert_close(found[0], values, atol=1e-5, rtol=0)
    # Values that differ by rounding only may change places.
    gaps = torch.nn.functional.pad(values[..., :-1] - values[..., 1:], (1, 1), value=1)
    clear = (torch.minimum(gaps[..., 1:], gaps[..., :-1]) > 1e-5) & (values > 0)
    assert clear.sum() > 50
    assert torch.equal(found[1][clear], positions[clear])
    torch.testing.assert_close(found[2][clear], tags[clear], atol=1e-5, rtol=0)


@pytest.mark.parametrize('name', [*ZOO, 'fusion-mobilenetv2'])
def test_dynamic_maps_of_every_network(name, tmp_path):
    graph = deploy_graph(network(name))
    runtime = session(export_onnx(graph, tmp_path / 'model.onnx', input_shape=(1, 3, 64, 64)))
    assert names(runtime.get_inputs()) == ['inputs']
    assert names(runtime.get_outputs()) == list(graph.decoder.output_names)
    assert_same_maps(graph, runtime, (1, 3, 64, 64))
    assert_same_maps(graph, runtime, (2, 3, 128, 64))


@pytest.mark.parametrize('name', LEVELS)
def test_candidates_of_every_kind_of_levels(name, tmp_path):
    graph = deploy_graph(network(name), 'candidates')
    path = export_onnx(graph, tmp_path / 'model.onnx', input_shape=(1, 3, 64, 64))
    assert names(session(path).get_outputs()) == ['values', 'positions', 'tags']
    assert_same_candidates(graph, session(path), (2, 3, 64, 128))


@pytest.mark.parametrize('dynamic', [True, False])
@pytest.mark.parametrize('outputs', ['maps', 'candidates'])
def test_flip_in_the_graph(model, outputs, dynamic, tmp_path, monkeypatch):
    monkeypatch.setitem(model.test_cfg, 'shift_heatmap', not dynamic)
    graph = deploy_graph(model, outputs, flip_test=True)
    options = dict(input_shape=(2, 3, 64, 128), any_size=dynamic, any_batch=dynamic)
    runtime = session(export_onnx(graph, tmp_path / 'model.onnx', **options))
    compare = assert_same_maps if outputs == 'maps' else assert_same_candidates
    compare(graph, runtime, (2, 3, 64, 128))
    if dynamic:
        compare(graph, runtime, (1, 3, 128, 192))
        compare(graph, runtime, (3, 3, 97, 71))
    else:
        with pytest.raises(Exception, match='invalid dimensions'):
            runtime.run(None, {'inputs': torch.zeros(1, 3, 64, 128).numpy()})


@pytest.mark.parametrize('opset', [11, 20])
def test_other_opsets(opset, tmp_path):
    graph = deploy_graph(with_top_k(9), 'candidates')
    path = export_onnx(graph, tmp_path / 'model.onnx', opset=opset)
    assert onnx.load(path).opset_import[0].version == opset
    assert_same_candidates(graph, session(path), (2, 3, 64, 128))


def test_the_networks_own_layers(model, tmp_path):
    model.train()
    path = export_onnx(deploy_graph(model).train(), tmp_path / 'model.onnx', deploy_form=False)
    assert model.training
    model.eval()
    operators = {node.op_type for node in onnx.load(path).graph.node}
    assert 'ConvTranspose' in operators
    assert_same_maps(deploy_graph(model), session(path), (1, 3, 64, 128))


def test_the_deploy_form_has_plain_convolutions_only(model, tmp_path):
    path = export_onnx(
        deploy_graph(model), tmp_path / 'model.onnx', any_size=False, any_batch=False
    )
    operators = [node.op_type for node in onnx.load(path).graph.node]
    assert operators.count('DepthToSpace') == 3
    assert not {'ConvTranspose', 'BatchNormalization'} & set(operators)


def test_nothing_is_said(model, tmp_path, capfd):
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        for outputs in ('maps', 'candidates'):
            export_onnx(deploy_graph(model, outputs, flip_test=True), tmp_path / 'model.onnx')
    assert capfd.readouterr() == ('', '')
    assert [path.name for path in tmp_path.iterdir()] == ['model.onnx']


def test_torch_export_takes_the_graph(model):
    # What torch's newer ONNX exporter and TVM start from.
    inputs = torch.randn(1, 3, 64, 64)
    graph = to_deploy_form(deploy_graph(model, 'candidates'))
    exported = torch.export.export(graph, (inputs,)).module()
    for found, expected in zip(exported(inputs), graph(inputs), strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (dict(input_shape=(3, 64, 64)), r'input_shape: .*, got \(3, 64, 64\)'),
        (dict(input_shape=(1, 1, 64, 64)), 'input_shape: '),
        (dict(opset=9), 'opset: .*11 to 20, got 9'),
        (dict(), 'cannot be exported .*out of range'),
    ],
)
def test_bad_options_are_one_line(options, message, tmp_path):
    graph = deploy_graph(with_top_k(10**6), 'candidates')
    with pytest.raises(LitePoseError, match=message) as caught:
        export_onnx(graph, tmp_path / 'model.onnx', **options)
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_missing_package_is_one_line(model, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, 'onnx', None)
    with pytest.raises(LitePoseError, match=r'pip install "litepose_mm\[export\]"'):
        export_onnx(deploy_graph(model), tmp_path / 'model.onnx')


def test_a_file_that_is_not_valid_is_one_line(model, monkeypatch, tmp_path):
    def refuse(*args, **options):
        raise onnx.checker.ValidationError('bad\nnode')

    monkeypatch.setattr(onnx.checker, 'check_model', refuse)
    with pytest.raises(LitePoseError, match='invalid .*bad node') as caught:
        export_onnx(deploy_graph(model), tmp_path / 'model.onnx')
    assert '\n' not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(model, tmp_path):
    (tmp_path / 'file').touch()
    with pytest.raises(LitePoseError, match='cannot write'):
        export_onnx(deploy_graph(model), tmp_path / 'file' / 'model.onnx')
