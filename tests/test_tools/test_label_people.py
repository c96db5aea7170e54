"""From a folder of images to a data set: with a small random network on synthetic people."""

import json
import runpy
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from networks import TINY, litepose, make_it_see_people

from litepose_mm import PoseEstimator
from litepose_mm.annotations import read_people
from litepose_mm.checkpoints import save_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.datasets.synthetic import (
    KEYPOINTS,
    SceneOptions,
    make_scene,
    person_annotations,
)
from litepose_mm.utils.paths import config_path, mim_root
from litepose_mm.zoo import get_model

TOOL = mim_root() / 'tools/dataset_converters/label_people.py'


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    """Config and weights of a random network that finds people everywhere."""
    folder = tmp_path_factory.mktemp('model')
    config = folder / 'tiny.py'
    config.write_text(f"""
_base_ = r'{config_path(get_model('litepose-xs_crowdpose').config)}'
arch = dict(_delete_=True, **{TINY.to_dict()!r})
model = dict(backbone=dict(arch=arch), head=dict(arch=arch))
""")
    torch.manual_seed(0)
    state = make_it_see_people(litepose(TINY)).state_dict()
    weights = folder / 'tiny.pth'
    save_weights({k: v for k, v in state.items() if 'data_preprocessor' not in k}, weights, {})
    return config, weights


@pytest.fixture
def folder(tmp_path):
    """Six scenes in two folders, and the truth of half of them, with all keypoints of a figure."""
    images, annotations = [], []
    for index in range(6):
        scene = make_scene(SceneOptions(image_size=(96, 64), people=(2, 3)), 0, index)
        name = f'{"a" if index % 2 else "b"}/{index}.png'
        (tmp_path / 'images' / name).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'images' / name), scene.image)
        if index < 3:
            images.append(dict(id=index + 5, file_name=name, width=96, height=64))
            everything = np.arange(len(KEYPOINTS))
            annotations += person_annotations(scene.people, index + 5, everything)
    category = dict(id=1, name='person', keypoints=list(KEYPOINTS), skeleton=[])
    document = dict(images=images, annotations=annotations, categories=[category])
    (tmp_path / 'annotated.json').write_text(json.dumps(document))
    return tmp_path


@pytest.fixture
def run(model, folder, monkeypatch, capsys):
    """Runs the tool in this process; returns its status and what it said."""

    def run(*options, out='train.json'):
        config, weights = model
        args = [folder / 'images', folder / out, '--engine', 'torch', '--short-side', '64']
        args += ['--model', config, *(options or ['--weights', weights])]
        monkeypatch.setattr(sys, 'argv', [str(TOOL), *map(str, args)])
        status = run_tool(runpy.run_path(str(TOOL))['main'])
        return subprocess.CompletedProcess(sys.argv, status, *capsys.readouterr())

    return run


def with_annotations(model, folder):
    return '--weights', model[1], '--annotations', folder / 'annotated.json', '--flip'


def test_labels_are_what_the_estimator_finds(run, model, folder):
    result = run()
    assert result.returncode == 0, result.stderr
    estimator = PoseEstimator(*model, device='cpu', flip_test=False, short_side=64)
    document = read_people(folder / 'train.json', estimator.skeleton.keypoint_names)
    names = {image['file_name']: image['id'] for image in document['images']}
    assert sorted(names) == ['a/1.png', 'a/3.png', 'a/5.png', 'b/0.png', 'b/2.png', 'b/4.png']
    for name, number in names.items():
        found = estimator(folder / 'images' / name)
        own = [each for each in document['annotations'] if each['image_id'] == number]
        scores = found.keypoint_scores.clip(0, 1).round(3)
        assert len(own) == (scores >= 0.1).any(axis=1).sum() > 0
        for person, keypoints, heights in zip(own, found.keypoints, scores):
            x, y, v = np.reshape(person['keypoints'], (-1, 3)).T
            np.testing.assert_allclose(v, np.where(heights < 0.1, 0, heights), atol=1e-6)
            np.testing.assert_allclose(np.stack([x, y], axis=1)[v > 0], keypoints[v > 0], atol=1e-3)


def test_annotations_tell_probabilities_and_take_the_place_of_labels(run, model, folder):
    result = run(*with_annotations(model, folder))
    assert result.returncode == 0, result.stderr
    assert 'right, by score: 0.1 ' in result.stdout
    truth = read_people(folder / 'annotated.json')
    document = read_people(folder / 'train.json')
    shared = document['categories'][0]['keypoints']
    at = [truth['categories'][0]['keypoints'].index(name) for name in shared]
    assert {image['file_name']: image['id'] for image in truth['images']}.items() <= {
        image['file_name']: image['id'] for image in document['images']
    }.items()
    labelled = [
        np.reshape(person['keypoints'], (-1, 3)).tolist() for person in document['annotations']
    ]
    people = [person for person in truth['annotations'] if person['num_keypoints']]
    assert people
    for person in people:
        assert np.reshape(person['keypoints'], (-1, 3))[at].tolist() in labelled


def test_a_run_that_was_stopped_goes_on(run, model, folder, monkeypatch):
    assert run(*with_annotations(model, folder), out='at_once.json').returncode == 0
    call, seen = PoseEstimator.__call__, []

    def stopped_at_the_fourth(self, image):
        seen.append(image)
        if len(seen) == 4:
            raise KeyboardInterrupt
        return call(self, image)

    monkeypatch.setattr(PoseEstimator, '__call__', stopped_at_the_fourth)
    result = run(*with_annotations(model, folder))
    assert result.returncode == 130 and '3 of 6 images' in result.stdout
    assert not (folder / 'train.json').exists()
    assert run(*with_annotations(model, folder)).returncode == 0
    assert len(seen) == 7
    assert (folder / 'train.json').read_bytes() == (folder / 'at_once.json').read_bytes()
    assert run(*with_annotations(model, folder)).returncode == 0
    assert len(seen) == 7  # nothing is looked at again


def test_a_broken_image_is_named_and_left_out(run, folder):
    (folder / 'images' / 'a' / '1.png').write_bytes(b'\x89PNG\r\n')
    result = run()
    assert result.returncode == 1
    assert 'a/1.png' in result.stderr and '5 images, 1 could not be read' in result.stdout
    document = json.loads((folder / 'train.json').read_text())
    assert 'a/1.png' not in {image['file_name'] for image in document['images']}


def test_errors_are_one_line(run, model, folder):
    def fails(*parts):
        result = run(*with_annotations(model, folder))
        lines = result.stderr.splitlines()
        assert result.returncode == 2 and len(lines) == 1, result.stderr
        assert all(part in lines[0] for part in parts)
        assert not (folder / 'train.json').exists()

    moved = folder / 'images' / 'a' / '1.png'
    moved.rename(folder / '1.png')
    fails('annotated.json', 'a/1.png is missing')
    (folder / '1.png').rename(moved)
    annotated = folder / 'annotated.json'
    document = json.loads(annotated.read_text())
    for image in document['images']:
        image['width'] = 640
    annotated.write_text(json.dumps(document))
    fails('640x64', '96x64')
    document['categories'][0]['keypoints'] = [f'k{n}' for n in range(len(KEYPOINTS))]
    annotated.write_text(json.dumps(document))
    fails('annotated.json', 'expected keypoints')
    shutil.rmtree(folder / 'images')
    fails('no', 'images')


def test_other_options_do_not_mix_with_labels_that_are_kept(run, model, folder):
    assert run().returncode == 0
    before = (folder / 'train.labels.jsonl').read_bytes()
    result = run('--weights', model[1], '--flip')
    assert result.returncode == 2 and 'flip' in result.stderr and 'train.labels' in result.stderr
    assert (folder / 'train.labels.jsonl').read_bytes() == before


def test_random_weights_are_refused(run, folder):
    result = run('--device', 'cpu')
    assert result.returncode == 2 and 'give --weights' in result.stderr
    assert not (folder / 'train.json').exists()
