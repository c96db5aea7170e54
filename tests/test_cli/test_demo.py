"""The demo: complete where nothing lies beside the repository."""

import json
import runpy
import sys
from pathlib import Path

import pytest

from litepose_mm import LitePoseError

DEMO = Path(__file__).resolve().parents[2] / 'demo' / 'demo.py'


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """``demo(*arguments)`` runs it in tmp_path with nothing beside the repository."""
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(DEMO), run_name='demo')
    shared = names['main'].__globals__
    monkeypatch.setitem(shared, 'WEIGHTS', tmp_path / 'absent')
    monkeypatch.setitem(shared, 'SAMPLES', (tmp_path / 'absent',))

    def run(*arguments):
        model = ('--model', 'litepose-xs_crowdpose', '--device', 'cpu')
        monkeypatch.setattr(sys, 'argv', ['demo.py', *model, *arguments])
        return names['main']()

    return run


def test_complete_without_anything(demo, tmp_path, capsys):
    assert demo() == 0
    out = capsys.readouterr().out
    assert 'random network' in out
    assert 'drawn scene' in out
    assert 'outputs/demo' in out
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


def test_own_input(demo, tmp_path):
    demo('--out-dir', 'first')
    assert demo('--input', 'first/drawn_scene.png', '--out-dir', 'second') == 0
    assert (tmp_path / 'second' / 'drawn_scene.png').is_file()


def test_missing_input(demo):
    with pytest.raises(LitePoseError, match='there is no'):
        demo('--input', 'missing.jpg')
