"""``litepose webcam`` in a window: keys, images that are saved, the demo."""

import runpy
import sys

import cv2
import numpy as np
import pytest

from litepose_mm.cli.commands import webcam
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.realtime import page as page_module
from litepose_mm.realtime import window as window_module
from litepose_mm.utils.paths import mim_root


def test_keys(run, video, tmp_path, press):
    drawings = press(['s', 'v', 'm', 'i', 'h', ' ', None, ' ', 'q'])
    status, out, err = run(video)
    assert status == 0 and err == 'litepose: saved litepose_000000.png\n'
    assert (tmp_path / 'litepose_000000.png').stat().st_size > 1000
    assert out.startswith('7 frames') and len(drawings) == 9
    assert not np.array_equal(drawings[1], drawings[2])


def test_keys_work_while_it_is_paused(run, video, tmp_path, press):
    drawings = press(['h', ' ', None, 'v', 's', 'x', ' ', 'q'])
    status, out, err = run(video)
    assert (status, err) == (0, 'litepose: saved litepose_000001.png\n')
    assert out.startswith('3 frames') and len(drawings) == 8
    assert np.array_equal(drawings[1], drawings[2]) and not np.array_equal(drawings[3], drawings[4])
    saved = cv2.imread(str(tmp_path / 'litepose_000001.png'))
    assert np.array_equal(saved, drawings[4]) and np.array_equal(saved, drawings[6])


def test_a_pause_is_said_but_not_saved(run, video, tmp_path, press):
    drawings = press([' ', 's', 'h', 's', ' ', 'q'])
    assert run(video)[0] == 0
    first, hidden = (
        cv2.imread(str(tmp_path / f'litepose_000000{again}.png')) for again in ('', '_1')
    )
    assert not np.array_equal(drawings[1], first)  # which has no "paused"
    assert np.array_equal(drawings[3], hidden)


def test_an_image_that_cannot_be_saved_ends_nothing(run, video, tmp_path, press):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'litepose_000001.png').write_text('mine')
    press(['s', 's'])
    status, out, err = run(video, '--images', 'file', '--max-frames', 2)
    assert status == 0 and out.startswith('2 frames')
    assert err.count('litepose: cannot write file/litepose_00000') == 2
    press(['s', 's'])
    _, _, err = run(video, '--max-frames', 2)
    assert 'litepose_000000.png' in err and 'litepose_000001_1.png' in err
    assert (tmp_path / 'litepose_000001.png').read_text() == 'mine'


def test_where_there_is_no_window_the_page_opens_before_the_model_is_loaded(
    run, video, monkeypatch
):
    monkeypatch.setattr(webcam, 'make_pipeline_estimator', None)

    def refuse(title):
        raise LitePoseError('no window here')

    def taken(port, public_hosts):
        raise LitePoseError(f'port {port} is taken')

    monkeypatch.setattr(window_module, 'Window', refuse)
    monkeypatch.setattr(page_module, 'Page', taken)
    assert run(video) == (
        2,
        '',
        'litepose: no window here; a page in the browser is used instead\n'
        'litepose: error: port 8000 is taken\n',
    )


@pytest.mark.parametrize('option', [(), ('--jsonl', 'a.jsonl')])
def test_the_last_image_stays_unless_something_is_written(run, video, press, option):
    drawings = press([*[None] * 10, 'q'])
    status, out, err = run(video, *option)
    assert status == 0 and out.startswith('8 frames')
    assert len(drawings) == (8 if option else 11)
    assert ('last frame' in err) == (not option)
    if not option:
        assert np.array_equal(drawings[10], drawings[7])


def test_keys_work_on_the_last_image(run, video, press):
    drawings = press([*[None] * 8, 'v', 'h', 'q'])
    status, out, _ = run(video)
    assert status == 0 and out.startswith('8 frames, ') and not out.startswith('8 frames, 0.0 fps')
    assert np.array_equal(drawings[8], drawings[7])
    assert not np.array_equal(drawings[9], drawings[8])
    assert not np.array_equal(drawings[10], drawings[9])


def test_demo(model, video, press, monkeypatch):
    drawings = press([None, None, 'escape'])
    monkeypatch.setattr(sys, 'argv', ['webcam_demo.py', str(model), str(video)])
    demo = runpy.run_path(str(mim_root() / 'demo/webcam_demo.py'))
    assert run_tool(demo['main']) == 0
    assert len(drawings) == 3 and drawings[0].shape == (64, 96, 3)
