"""Models that the package carries, for engines that read ONNX files."""

import re

import numpy as np
import pytest
from exported import need

from litepose_mm.apis import PoseEstimator as TorchEstimator
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.bundled import bundled_card, find_bundled
from litepose_mm.inference.engines import engines
from litepose_mm.inference.engines.openvino import OpenVINOEngine
from litepose_mm.runtime import PoseEstimator
from litepose_mm.zoo.shipped_weights import shipped_weights

MODELS = sorted({card.model for card in shipped_weights().values()})
READERS = [name for name, engine in engines().items() if engine.reads_onnx]


@pytest.mark.parametrize('flip_test', [False, True])
@pytest.mark.parametrize('model', MODELS)
def test_they_are_those_of_the_bundled_weights(model, flip_test):
    """After other weights were bundled, ``tools/misc/export_bundled.py`` has to run again."""
    card = bundled_card(find_bundled(model), 'onnxruntime', flip_test=flip_test)
    assert card.build == {'weights': shipped_weights()[model].sha256}
    assert (card.name, card.flip_test, card.input_type) == (model, flip_test, 'uint8')


@pytest.mark.parametrize('model', MODELS)
def test_their_size(model):
    assert sum(path.stat().st_size for path in find_bundled(model).iterdir()) < 6e6


@pytest.mark.parametrize('flip_test', [False, True])
@pytest.mark.parametrize('engine', READERS)
def test_outputs_are_torchs(engine, flip_test):
    need(engine)
    options = dict(flip_test=flip_test, short_side=64)
    own = PoseEstimator('litepose-xs', engine=engine, precision='fp32', threads=1, **options)
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    torch = TorchEstimator('litepose-xs', device='cpu', **options)
    expected = torch.engine.run(torch.prepare(image).inputs)
    found = own.engine.run(own.prepare(image).inputs)
    for theirs, ours in zip(expected, found, strict=True):
        assert np.abs(ours - theirs).max() < 0.03 * np.abs(theirs).max()  # weights are rounded


@pytest.mark.parametrize('name', ['litepose-m', 'litepose-xs_coco', '../weights', '', 'nothing'])
def test_others_are_not_there(name):
    assert find_bundled(name) is None


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(engine='ncnn'), 'engine: expected .*onnxruntime.*got .ncnn'),
        (dict(engine='onnxruntime', precision='bf16'), 'precision: expected fp32 .*got .bf16'),
        (dict(short_side=8), 'short_side: expected .* 64 to 4096, got 8'),
        (dict(short_side='256'), "short_side: expected .* got '256'"),
        (dict(precision='int8'), "got 'int8'; `litepose export` makes"),
        (dict(flip_test='no'), "flip_test: expected True or False, got 'no'"),
        (dict(device=3), 'device: expected a name.* got 3'),
        (dict(device='cpu:7'), "device: expected cpu, of which there is one, got 'cpu:7'"),
    ],
)
def test_options_that_do_not_fit(options, message):
    with pytest.raises(LitePoseError, match=message):
        PoseEstimator('litepose-xs', **options)


@pytest.mark.parametrize('model', ['litepose-m', 3, None])
def test_names_that_do_not_exist(model):
    with pytest.raises(
        LitePoseError, match=f'expected .*{model}|{model}: expected .*litepose-xs_crowdpose'
    ):
        PoseEstimator(model)


def test_an_engine_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(OpenVINOEngine, 'is_installed', classmethod(lambda cls: False))
    with pytest.raises(LitePoseError, match=r'openvino is not installed.*litepose_mm\[openvino'):
        PoseEstimator('litepose-xs', engine='openvino')


def test_options_of_other_models(tmp_path):
    with pytest.raises(LitePoseError, match=f'precision: .*{re.escape(str(tmp_path))}'):
        PoseEstimator(tmp_path, precision='fp32')
