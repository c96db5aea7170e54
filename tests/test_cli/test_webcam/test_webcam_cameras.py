"""``litepose webcam`` with live sources: their rate, silence and the page."""

import json
import socket
import threading
import time
import urllib.request
from contextlib import suppress
from itertools import chain

import numpy as np
import pytest

from litepose_mm.media import VideoFrame, VideoReader
from litepose_mm.realtime import CaptureSource, Frame, Source, view, viewer


class Camera:
    """A camera that gives frames at once."""

    fps, is_live = 30, True

    def __iter__(self):
        for number in range(100):
            yield VideoFrame(np.full((64, 96, 3), 100 - number, np.uint8), number, 0.0)

    def close(self):
        pass


def test_a_video_of_a_camera_has_its_times(run, tmp_path, source):
    source(CaptureSource(0, print, lambda target: Camera()))
    status, _, _ = run('--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl', '--max-frames', 5)
    lines = [json.loads(line) for line in (tmp_path / 'o.jsonl').read_text().splitlines()]
    times = [line['time'] - lines[0]['time'] for line in lines]
    assert status == 0 and len(times) == 5
    shown = [frame.time for frame in VideoReader(tmp_path / 'o.mp4')]
    assert shown == pytest.approx(times, abs=2e-3)


class Stalling(Source):
    """After three frames, reading does not come back, whoever wants it to stop."""

    name, is_live = 'camera 0', True

    def __init__(self, video=None):
        super().__init__()
        self.video, self.answers = video, threading.Event()
        self.at_the_end = None

    def frames(self):
        for number in range(3):
            time.sleep(0.05)
            yield Frame(np.full((64, 96, 3), 80, np.uint8), number, number / 25)
        self.answers.wait(60)

    def stop(self):
        super().stop()
        self.at_the_end = self.video and self.video.exists()


def test_a_camera_that_stalls(run, tmp_path, source, press, monkeypatch):
    its = source(Stalling(tmp_path / 'o.mp4'))
    monkeypatch.setattr(viewer, '_SILENCE', 0.2)
    monkeypatch.setattr('litepose_mm.realtime.pipeline._PATIENCE', 0.05)
    told = []
    for module in (view, viewer):
        monkeypatch.setattr(
            module, 'notice', lambda text, drawing=None: told.append(text) or drawing
        )
    drawings = press(chain([None] * 20, ['escape']), while_waiting=True)
    start = time.monotonic()
    status, out, _ = run('--out', 'o.mp4', '--jsonl', 'o.jsonl')
    its.answers.set()
    assert status == 0 and time.monotonic() - start < 30
    assert int(out.partition(' ')[0]) <= 3 and len(drawings) == 21
    assert told[0].startswith('loading ') and told[-1].startswith('no frame from camera 0 for ')
    assert its.at_the_end  # files are finished before the camera is waited for
    assert list(VideoReader(tmp_path / 'o.mp4'))


def test_a_camera_that_stalls_without_a_screen(run, source, monkeypatch):
    its = source(Stalling())
    monkeypatch.setattr(viewer, '_STATUS_SECONDS', 0.1)
    threading.Timer(1.0, its.answers.set).start()
    _, _, err = run('--no-display')
    assert 'litepose: no frame from camera 0 for 0 s\n' in err


def test_status_is_told_where_there_is_no_window(run, video, monkeypatch):
    monkeypatch.setattr(viewer, '_STATUS_SECONDS', 0.0)
    _, _, err = run(video, '--no-display')
    assert err.startswith('litepose: ') and ' people, ' in err and ' fps, ' in err


class Endless(Source):
    """Twenty frames, and more until somebody has seen enough."""

    name, is_live = 'camera 0', True

    def __init__(self, enough):
        super().__init__()
        self.enough = enough

    def frames(self):
        number = 0
        while not self._stopped.is_set() and (number < 20 or not self.enough.is_set()):
            time.sleep(0.01)
            yield Frame(np.full((64, 96, 3), 80, np.uint8), number, number / 25)
            number += 1


def test_a_page(run, source):
    pytest.importorskip('starlette')
    pytest.importorskip('uvicorn')
    with socket.create_server(('127.0.0.1', 0)) as free:
        port = free.getsockname()[1]
    got = []

    def look(enough):
        try:
            page = f'http://127.0.0.1:{port}/stream'
            for _ in range(500):
                with suppress(OSError), urllib.request.urlopen(page, timeout=20) as stream:
                    got.append(stream.read(2000))
                    return
                time.sleep(0.02)
        finally:
            enough.set()

    its = source(Endless(threading.Event()))
    viewer = threading.Thread(target=look, args=(its.enough,))
    viewer.start()
    status, out, err = run('--page', port)
    viewer.join()
    assert status == 0 and 'draw ' in out
    assert err == f'litepose: http://localhost:{port} (this machine only); press Ctrl-C to quit\n'
    assert got and b'Content-Type: image/jpeg' in got[0]
