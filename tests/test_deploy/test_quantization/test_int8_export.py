"""Exported folders in int8."""

import json

import numpy as np
import onnx
import pytest
from exported import tiny_estimator

from litepose_mm import LitePoseError
from litepose_mm.deploy import export_model
from litepose_mm.deploy.quantization import AccuracyGoal
from litepose_mm.inference.engines.onnxruntime import OnnxRuntimeEngine
from litepose_mm.runtime import PoseEstimator

NEEDS = {'onnxruntime': 'onnxruntime', 'openvino': 'nncf'}


def outputs(folder, image):
    runtime = PoseEstimator(folder, threads=1)
    return runtime.infer(runtime.prepare(image))


@pytest.mark.parametrize(
    'engine, kind, shape',
    [
        ('onnxruntime', 'maps', None),
        ('onnxruntime', 'candidates', (64, 128)),
        ('openvino', 'maps', (64, 128)),
        ('openvino', 'candidates', (64, 64)),
    ],
)
def test_int8_model_runs(tiny, images, tmp_path, engine, kind, shape):
    pytest.importorskip(NEEDS[engine])
    pytest.importorskip(engine)
    options = dict(engine=engine, outputs=kind, input_shape=shape)
    folder = tmp_path / 'int8'
    card = export_model(tiny.model, None, folder, precision='int8', calibration=images, **options)
    assert card.precision == 'int8' and PoseEstimator(folder).card == card
    figures = json.loads((folder / 'quantization.json').read_text())
    assert figures['images'] == 10 and figures['goal'] is None
    precisions = list(figures['convolutions'].values())
    assert precisions.count('int8') > len(precisions) / 2 and 'fp32' in precisions
    export_model(tiny.model, None, tmp_path / 'fp32', **options)
    ours, theirs = (outputs(each, images / '0.png')[0] for each in (folder, tmp_path / 'fp32'))
    error = np.sqrt(np.mean((ours - theirs) ** 2) / np.mean(theirs**2))
    assert 1e-6 < error < 0.2, error
    assert 1e-6 < next(iter(figures['errors'].values())) < 0.2
    if engine == 'onnxruntime':
        kinds = [node.op_type for node in onnx.load(folder / 'model.onnx').graph.node]
        assert kinds.count('QuantizeLinear') > 10


@pytest.mark.slow
def test_accuracy_is_kept(images, tmp_path):
    """Against what torch finds as truth, a smaller loss asks for more layers in float32."""
    estimator = tiny_estimator()
    names = sorted(path.name for path in images.iterdir())
    document = {
        'images': [{'id': i, 'file_name': name} for i, name in enumerate(names)],
        'categories': [{'id': 1, 'keypoints': list(estimator.skeleton.keypoint_names)}],
        'annotations': [],
    }
    for i, name in enumerate(names):
        for person in estimator(images / name).to_coco(i, 1):
            keypoints = np.reshape(person['keypoints'], (-1, 3))[:, :2]
            box = np.concatenate([keypoints.min(0), np.ptp(keypoints, axis=0)]).tolist()
            number = len(document['annotations']) + 1
            person.update(id=number, bbox=box, area=box[2] * box[3], iscrowd=0)
            document['annotations'].append(person)
    (tmp_path / 'truth.json').write_text(json.dumps(document))
    losses, in_float = [], []
    for max_loss in (100, 25):
        goal = AccuracyGoal(images, tmp_path / 'truth.json', max_loss)
        export_model(
            estimator.model,
            None,
            tmp_path / 'out',
            precision='int8',
            calibration=images,
            goal=goal,
        )
        figures = json.loads((tmp_path / 'out/quantization.json').read_text())
        found = figures['goal']
        assert found['max_loss'] == max_loss and found['ap_float'] > 20
        losses.append(found['ap_float'] - found['ap_int8'])
        in_float.append(list(figures['convolutions'].values()).count('fp32'))
        assert losses[-1] <= max_loss
        assert goal.evaluate(tmp_path / 'out')[0] == found['ap_int8']
    assert losses[0] > 25 >= losses[1] and in_float[0] == 0 < in_float[1]


@pytest.mark.parametrize('output', ['heatmaps', 'tags'])
def test_an_engine_that_calculates_something_else_is_noticed(
    tiny, images, tmp_path, monkeypatch, output
):
    run = OnnxRuntimeEngine._run

    def zeros(self, batch):
        outputs = dict(zip(('heatmaps', 'tags'), run(self, batch)))
        outputs[output] = outputs[output] * (self.card.precision != 'int8')
        return [*outputs.values()]

    monkeypatch.setattr(OnnxRuntimeEngine, '_run', zeros)
    with pytest.raises(LitePoseError, match=f'onnxruntime does not .* {output} differ by 100 %'):
        export_model(tiny.model, None, tmp_path / 'out', precision='int8', calibration=images)
    assert not list(tmp_path.iterdir())


def test_an_engine_that_needs_a_shape(tiny, images, tmp_path):
    pytest.importorskip('openvino')
    pytest.importorskip('nncf')
    options = dict(precision='int8', engine='openvino', calibration=images)
    with pytest.raises(LitePoseError, match='openvino in int8 .*--static'):
        export_model(tiny.model, None, tmp_path / 'out', **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(precision='int8'), 'calibration: expected a folder'),
        (dict(precision='int8', engine='ncnn'), 'precision: .* ncnn'),
        (dict(calibration='images'), 'calibration .*int8 .* got fp32'),
    ],
)
def test_refused(tiny, tmp_path, options, message):
    with pytest.raises(LitePoseError, match=message):
        export_model(tiny.model, None, tmp_path / 'out', **options)
    assert not list(tmp_path.iterdir())
