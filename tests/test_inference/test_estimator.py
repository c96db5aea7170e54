"""The estimator without torch finds what the one with torch finds."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from exported import (
    ENGINES,
    RUN_WITHOUT_TORCH,
    assert_same_people,
    export,
    tiny_estimator,
    torch_outputs,
)

from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.decoding import decode_batch, hide_borders
from litepose_mm.errors import LitePoseError
from litepose_mm.runtime import PoseEstimator

SIZES = [(160, 120), (120, 160), (160, 120), (300, 120), (64, 64), (160, 121)]


def scene(width=160, height=120, index=0):
    return make_scene(SceneOptions((width, height)), seed=0, index=index).image


@pytest.fixture(scope='module')
def scenes():
    return [scene(*size, index) for index, size in enumerate(SIZES)]


def assert_keypoints(result, expected, resized):
    """Whether found keypoints are where they are on the input, and missing ones at (0, 0)."""
    found = expected.keypoint_scores != 0
    places = resized.to_original(expected.keypoints)
    np.testing.assert_allclose(result.keypoints[found], places[found], atol=0.1)
    assert (result.keypoints[~found] == 0).all() and (result.keypoint_scores[~found] == 0).all()


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_finds_what_torch_finds(tiny, exported, scenes, name):
    estimator = PoseEstimator(exported(name), threads=1, batch_size=2)
    assert estimator.short_side == tiny.short_side == 64
    together = estimator(scenes)
    for image, result in zip(scenes, together, strict=True):
        expected = tiny(image)
        assert len(expected) > 0
        assert_same_people(result, expected)
        assert_same_people(estimator(image), expected)


def test_finds_what_torch_finds_with_the_mirrored_image(tmp_path, scenes):
    tiny = tiny_estimator(flip_test=True)
    estimator = PoseEstimator(export(tiny, tmp_path / 'model'), threads=1)
    for image in scenes[:3]:
        result = estimator(image)
        assert result.tags.shape[1] == 2
        assert_same_people(result, tiny(image))


@pytest.mark.parametrize('name', ENGINES)
def test_static_models_find_what_torch_finds_on_the_same_input(tiny, exported, scenes, name):
    estimator = PoseEstimator(exported(name, (64, 128)), threads=1)
    assert estimator.short_side == 64
    card = estimator.card
    for image in scenes:
        (resized,), inputs, _ = estimator.prepare(image)
        assert resized.image.shape == (64, 128, 3)
        heatmaps, tags = torch_outputs(tiny.model, inputs)
        heatmaps = hide_borders(heatmaps, [resized.box], (64, 128))
        (expected,) = decode_batch(card.decoder.rules, heatmaps, tags, (64, 128))
        result = estimator(image)
        assert result.image_size == image.shape[1::-1]
        if resized.box is not None:  # nobody stands beside the image, but for a pixel of a map
            beyond = np.maximum(-result.keypoints, result.keypoints - image.shape[1::-1])
            assert beyond.max() <= 2 * resized.zoom
        assert_keypoints(result, expected, resized)
        np.testing.assert_allclose(result.scores, expected.scores, atol=1e-4)


def test_a_static_model_finds_what_the_torch_estimator_finds(tiny, exported, scenes):
    estimator = PoseEstimator(exported('onnxruntime', (64, 128)), threads=1)
    assert_same_people(estimator(scenes[0]), tiny(scenes[0]))  # whose input is 128x64


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_candidates_give_the_people_of_maps_at_their_stride(tiny, exported, scenes, name):
    estimator = PoseEstimator(exported(name, outputs='candidates'), threads=1)
    card = estimator.card
    for image in scenes[:3]:
        (resized,), inputs, _ = estimator.prepare(image)
        maps = torch_outputs(tiny.model, inputs)
        (expected,) = decode_batch(card.decoder.rules, *maps, None, inputs.shape[1:3])
        result = estimator(image)
        assert len(result) == len(expected.scores) > 0
        assert_keypoints(result, expected, resized)
        np.testing.assert_allclose(result.keypoint_scores, expected.keypoint_scores, atol=1e-4)


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_keypoints_that_candidates_lack_are_at_zero(exported, scenes, name):
    estimator = PoseEstimator(exported(name, outputs='candidates'), threads=1)
    for result in estimator(scenes):
        missing = result.keypoint_scores == 0
        assert 0 < missing.sum() < missing.size
        np.testing.assert_array_equal((result.keypoints == 0).all(axis=2), missing)
        assert all(
            person['keypoints'][2] or person['keypoints'][:2] == [0, 0]
            for person in result.to_coco(1)
        )


@pytest.mark.parametrize('name', ['onnxruntime', 'openvino'])
def test_static_candidates_are_for_images_that_fill_the_input(exported, scenes, name):
    static = PoseEstimator(exported(name, (64, 128), outputs='candidates'), threads=1)
    anything = PoseEstimator(exported(name, outputs='candidates'), threads=1)
    wide, tall = scenes[:2]
    assert_same_people(static(wide), anything(wide))
    with pytest.raises(LitePoseError, match='images that fill its input of 128x64'):
        static(tall)


def test_static_candidates_at_another_size_than_the_models(exported):
    """Images of the shape's aspect ratio are no less right for a larger shape."""
    folder = exported(shape=(128, 256), outputs='candidates')
    assert len(PoseEstimator(folder, threads=1)(scene(200, 100)))


def test_is_called_as_the_torch_estimator_is(exported, tmp_path, scenes):
    estimator = PoseEstimator(str(exported()), threads=1, batch_size=3)
    path = tmp_path / 'x.png'
    cv2.imwrite(str(path), scenes[0])
    from_path = estimator(path)
    assert from_path.source == str(path) and from_path.draw().shape == scenes[0].shape
    assert from_path.keypoints.tolist() == estimator(scenes[0]).keypoints.tolist()
    assert estimator([]) == []
    assert [r.source for r in estimator((path, scenes[0]))] == [str(path), None]
    assert estimator.skeleton.name == 'crowdpose'


def test_batches_hold_inputs_of_one_size(exported, scenes, monkeypatch):
    estimator = PoseEstimator(exported(), threads=1, batch_size=2)
    shapes, run = [], estimator.engine.run
    monkeypatch.setattr(
        estimator.engine, 'run', lambda batch: shapes.append(batch.shape) or run(batch)
    )
    wide, tall = scenes[:2]
    estimator([wide, tall, wide, wide])
    assert shapes == [(2, 64, 128, 3), (1, 64, 128, 3), (1, 128, 64, 3)]


@pytest.mark.parametrize(
    'image',
    [
        np.zeros((10, 10, 3), np.float32),
        np.zeros((10, 10, 4), np.uint8),
        np.zeros((10, 201, 3), np.uint8),
        'missing.jpg',
    ],
)
def test_refuses_what_the_torch_estimator_refuses(tiny, exported, image):
    messages = []
    for estimator in (tiny, PoseEstimator(exported(), threads=1)):
        with pytest.raises(LitePoseError) as caught:
            estimator(image)
        messages.append(str(caught.value))
    assert messages[0] == messages[1] and '\n' not in messages[0]


@pytest.mark.parametrize('options', [dict(batch_size=0), dict(batch_size='2'), dict(threads=0)])
def test_refuses_options(exported, options):
    with pytest.raises(LitePoseError, match='expected a positive integer'):
        PoseEstimator(exported(), **options)


def test_too_little_memory(exported, scenes, monkeypatch):
    estimator = PoseEstimator(exported(), threads=1)

    def fail(images):
        raise MemoryError

    monkeypatch.setattr(estimator.engine, 'run', fail)
    with pytest.raises(LitePoseError, match='not enough memory for 1 input of 128x64'):
        estimator(scenes[0])


@pytest.mark.parametrize('name', ENGINES)
def test_needs_neither_torch_nor_openmmlab(exported, tmp_path, scenes, name):
    folder = exported(name, (64, 128))
    path = tmp_path / 'x.png'
    cv2.imwrite(str(path), scenes[0])
    command = [sys.executable, '-c', RUN_WITHOUT_TORCH, str(folder), str(path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    people, score = done.stdout.split()
    expected = PoseEstimator(folder, threads=1)(path)
    assert int(people) == len(expected) > 0
    assert float(score) == pytest.approx(float(expected.scores.sum()), abs=1e-4)
