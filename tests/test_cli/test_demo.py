"""The demo: complete where nothing lies beside the repository."""

import json
import re
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from litepose_mm.media import read_image
from litepose_mm.zoo import get_model

DEMO = Path(__file__).resolve().parents[2] / 'demo' / 'demo.py'


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """``demo(*arguments)`` runs it in tmp_path with nothing beside the repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LITEPOSE_SHARED', str(tmp_path / 'absent'))
    main = runpy.run_path(str(DEMO), run_name='demo')['main']

    def run(*arguments, model='litepose-xs_crowdpose'):
        fixed = ('--model', model, '--device', 'cpu')
        monkeypatch.setattr(sys, 'argv', ['demo.py', *fixed, *arguments])
        return main()

    return run


@pytest.mark.parametrize('model', ['litepose-xs_crowdpose', 'litepose-xs_coco'])
def test_complete_without_anything(demo, tmp_path, capsys, model):
    assert demo(model=model) == 0
    out = capsys.readouterr().out
    assert 'random weights' in out
    # People who nearly touch may give a stray one at the smallest input.
    assert re.search("the drawing's own keypoints, because there are no weights: [45] people", out)
    folder = tmp_path / 'outputs' / 'demo'
    assert sorted(path.name for path in folder.iterdir()) == [
        'drawn_scene.png',
        'input',
        'results.json',
    ]
    document = json.loads((folder / 'results.json').read_text())
    assert [image['file_name'] for image in document['images']] == [
        'outputs/demo/input/drawn_scene.png'
    ]
    assert document['info']['model'].startswith('maps of')
    scene, drawing = (
        read_image(folder / name) for name in ('input/drawn_scene.png', 'drawn_scene.png')
    )
    assert (scene != drawing).any()


@pytest.mark.parametrize('model', ['litepose-m_crowdpose', 'litepose-s_coco'])
def test_people_are_where_they_were_drawn(demo, tmp_path, model):
    assert demo(model=model) == 0
    document = json.loads((tmp_path / 'outputs' / 'demo' / 'results.json').read_text())
    names = document['categories'][0]['keypoints']
    scene, people = runpy.run_path(str(DEMO), run_name='demo')['drawn_scene'](names)
    found = [np.reshape(p['keypoints'], (-1, 3)) for p in document['annotations']]
    assert len(found) == len(people) == 4
    for truth in people:
        inside = ((truth >= 0) & (truth < scene.shape[1::-1])).all(axis=1)
        distances = [
            np.linalg.norm(guess[inside, :2] - truth[inside], axis=1).max() for guess in found
        ]
        guess = found[int(np.argmin(distances))]
        # a pixel of the finest map, in pixels of the picture
        assert min(distances) < 2 * 448 / get_model(model).input_size[0] + 1
        assert guess[inside, 2].min() > 0.5


def test_clears_what_an_earlier_demo_left(demo, tmp_path):
    folder = tmp_path / 'outputs' / 'demo'
    folder.mkdir(parents=True)
    for name in ('old.jpg', 'old.mp4', 'notes.txt'):
        (folder / name).touch()
    assert demo() == 0
    assert sorted(path.name for path in folder.iterdir()) == [
        'drawn_scene.png',
        'input',
        'notes.txt',
        'results.json',
    ]


def test_own_input(demo, tmp_path, capsys):
    demo('--out-dir', 'first')
    assert demo('--input', 'first/drawn_scene.png', '--out-dir', 'second') == 0
    assert (tmp_path / 'second' / 'drawn_scene.png').is_file()
    assert 'the network is random' in capsys.readouterr().err


def test_missing_input(demo, capsys):
    assert demo('--input', 'missing.jpg') == 2
    assert 'there is no' in capsys.readouterr().err


def test_shared_folder(monkeypatch, tmp_path):
    monkeypatch.setenv('LITEPOSE_SHARED', str(tmp_path))
    assert runpy.run_path(str(DEMO), run_name='demo')['WEIGHTS'].is_relative_to(tmp_path)
