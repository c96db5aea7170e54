"""The demo: complete where nothing lies beside the repository."""

import json
import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from litepose_mm.datasets.synthetic import select_keypoints
from litepose_mm.media import read_image

NAMES = ['drawn_scene.png', 'input', 'results.json', 'team_meeting.jpg']
DEMO = Path(__file__).resolve().parents[2] / 'demo' / 'demo.py'
PHOTOGRAPH = DEMO.parent / 'resources' / 'team_meeting.jpg'


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """``demo(*arguments)`` runs it in tmp_path with nothing beside the repository."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LITEPOSE_SHARED', str(tmp_path / 'absent'))
    main = runpy.run_path(str(DEMO), run_name='demo')['main']

    def run(*arguments):
        monkeypatch.setattr(sys, 'argv', ['demo.py', '--device', 'cpu', *arguments])
        return main()

    return run


def test_people_are_found(demo, tmp_path, capsys):
    assert demo() == 0
    assert 'people on 2 images' in capsys.readouterr().out
    folder = tmp_path / 'outputs' / 'demo'
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    document = json.loads((folder / 'results.json').read_text())
    files = {image['id']: Path(image['file_name']).name for image in document['images']}
    found = {name: [] for name in files.values()}
    for person in document['annotations']:
        found[files[person['image_id']]].append(np.reshape(person['keypoints'], (-1, 3))[:, :2])
    inputs = {path.name: path for path in (PHOTOGRAPH, folder / 'input/drawn_scene.png')}
    for name, guesses in found.items():
        before, after = (read_image(path) for path in (inputs[name], folder / name))
        assert guesses and (before != after).any()

    joints = document['categories'][0]['keypoints']
    # As seen by eye, in pixels of an image of 345x342: heads, and the right shoulder below each.
    for head, shoulder in [
        ((103, 27), (50, 75)),
        ((187, 42), (146, 90)),
        ((271, 44), (240, 86)),
        ((313, 124), (275, 180)),
    ]:
        places = [joints.index(name) for name in ('top_head', 'right_shoulder')]
        distances = [
            np.linalg.norm(guess[places] - [head, shoulder], axis=1).max()
            for guess in found['team_meeting.jpg']
        ]
        assert min(distances) < 15

    scene = runpy.run_path(str(DEMO), run_name='demo')['drawn_scene']()
    places = select_keypoints(joints)
    for person in scene.people:
        truth = person.keypoints[places]
        distances = [
            np.median(np.linalg.norm(guess - truth, axis=1)) for guess in found['drawn_scene.png']
        ]
        assert min(distances) < 30  # of 640x448 pixels, with people 300 high


def test_clears_what_an_earlier_demo_left(demo, tmp_path):
    folder = tmp_path / 'outputs' / 'demo'
    folder.mkdir(parents=True)
    for name in ('old.jpg', 'old.mp4', 'notes.txt'):
        (folder / name).touch()
    assert demo() == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NAMES, 'notes.txt'])


def test_own_input(demo, tmp_path, capsys):
    demo('--out-dir', 'first')
    assert demo('--input', 'first/drawn_scene.png', '--out-dir', 'second') == 0
    assert (tmp_path / 'second' / 'drawn_scene.png').is_file()
    assert 'on 1 image' in capsys.readouterr().out


def test_missing_input(demo, capsys):
    assert demo('--input', 'missing.jpg') == 2
    assert 'missing.jpg' in capsys.readouterr().err


def test_shared_folder(monkeypatch, tmp_path):
    monkeypatch.setenv('LITEPOSE_SHARED', str(tmp_path))
    samples = runpy.run_path(str(DEMO), run_name='demo')['SAMPLES']
    assert all(folder.is_relative_to(tmp_path) for folder in samples)
