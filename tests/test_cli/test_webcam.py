"""``litepose webcam`` on a video and pictures, with a small exported model."""

import json
import runpy
import sys

import numpy as np
import pytest
from exported import export, tiny_estimator

from litepose_mm.cli import main
from litepose_mm.cli.commands import webcam
from litepose_mm.errors import run_tool
from litepose_mm.media import VideoReader, VideoWriter
from litepose_mm.paths import mim_root
from litepose_mm.realtime import window as window_module

pytest.importorskip('onnxruntime')


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return export(tiny_estimator(), tmp_path_factory.mktemp('exported') / 'model')


@pytest.fixture(scope='module')
def video(tmp_path_factory):
    rng = np.random.default_rng(0)
    with VideoWriter(tmp_path_factory.mktemp('video') / 'a.mp4', fps=20) as writer:
        for _ in range(8):
            writer.write(rng.integers(0, 256, (64, 96, 3), np.uint8))
    return writer.path


@pytest.fixture
def run(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main(['webcam', *map(str, arguments), '--model', str(model), '--threads', '1'])
        return status, *capsys.readouterr()

    return run


def test_without_a_screen(run, video, tmp_path):
    status, out, err = run(video, '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert (status, err) == (0, '')
    assert out.startswith('8 frames, ') and out.endswith('; wrote o.mp4, o.jsonl\n')
    assert len(list(VideoReader(tmp_path / 'o.mp4'))) == 8
    lines = [json.loads(line) for line in (tmp_path / 'o.jsonl').read_text().splitlines()]
    assert [line['frame'] for line in lines] == list(range(8))
    assert any('id' in person for line in lines for person in line['people'])


def test_options(run, video, tmp_path):
    status, out, _ = run(
        *(video, '--no-display', '--jsonl', 'o.jsonl', '--no-track', '--max-frames', 3),
        *('--live', '--min-score', 0),
    )
    assert status == 0 and out.startswith('3 frames')
    people = json.loads((tmp_path / 'o.jsonl').read_text().splitlines()[0])['people']
    assert people and not any('id' in person for person in people)


@pytest.fixture
def press(monkeypatch):
    """``press(keys)``: windows give these keys, and what they show is in the list returned."""

    def press(keys):
        pressed, drawings = iter(keys), []

        class Window:
            def __init__(self, title):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *exception):
                pass

            def show(self, image, milliseconds=1):
                drawings.append(image)
                return next(pressed)

        monkeypatch.setattr(window_module, 'Window', Window)
        return drawings

    return press


def test_keys(run, video, tmp_path, press):
    drawings = press(['s', 'v', 'm', 'i', 'h', ' ', None, ' ', 'q'])
    status, out, err = run(video)
    assert status == 0 and err == 'litepose: saved litepose_000000.png\n'
    assert (tmp_path / 'litepose_000000.png').stat().st_size > 1000
    assert out.startswith('7 frames') and len(drawings) == 9
    assert not np.array_equal(drawings[1], drawings[2])


def test_an_interruption_leaves_whole_files(run, video, tmp_path, monkeypatch):
    def draw(self, shown, *args):
        if shown.frame.number == 4:
            raise KeyboardInterrupt
        return shown.frame.image

    monkeypatch.setattr('litepose_mm.realtime.view.View.draw', draw)
    status, out, _ = run(video, '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert status == 130 and 'wrote o.mp4' in out
    assert len(list(VideoReader(tmp_path / 'o.mp4'))) == 4
    assert len((tmp_path / 'o.jsonl').read_text().splitlines()) == 5


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing'], 'expected the number of a camera (0 to 99), the address'),
        (['99', '--no-display'], 'there is no camera 99'),
        (['.', '--no-display'], 'expected pictures or videos'),
        (['99', '--view', 'boxes'], 'view: expected one of'),
        (['99', '--no-display', '--out', '.'], 'cannot write .: it is a folder'),
    ],
)
def test_bad_input_is_one_line(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, '') and message in err and err.count('\n') == 1


def test_status_is_told_where_there_is_no_window(run, video, monkeypatch):
    monkeypatch.setattr(webcam, '_STATUS_SECONDS', 0.0)
    _, _, err = run(video, '--no-display')
    assert err.startswith('litepose: ') and ' people, ' in err and ' fps, ' in err


def test_demo(model, video, press, monkeypatch):
    drawings = press([None, None, 'escape'])
    monkeypatch.setattr(sys, 'argv', ['webcam_demo.py', str(model), str(video)])
    demo = runpy.run_path(str(mim_root() / 'demo/webcam_demo.py'))
    assert run_tool(demo['main']) == 0
    assert len(drawings) == 3 and drawings[0].shape == (64, 96, 3)
