"""``litepose webcam`` on a video and pictures, with a small exported model."""

import json
import resource
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import suppress
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
import pytest
from exported import export, tiny_estimator

from litepose_mm.cli import main
from litepose_mm.cli.commands import webcam
from litepose_mm.errors import LitePoseError, run_tool
from litepose_mm.media import VideoReader, VideoWriter, write_image
from litepose_mm.paths import mim_root
from litepose_mm.realtime import CaptureSource, FileSource, Frame, Source, view
from litepose_mm.realtime import window as window_module
from litepose_mm.realtime.view import View

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
    """``press(keys)``: windows give these keys for frames; the list returned is what they show."""

    def press(keys, while_waiting=()):
        pressed, drawings = iter(keys), []
        if not while_waiting:
            monkeypatch.setattr(webcam, '_KEYS_SECONDS', None)  # how often it waits depends

        class Window:
            def __init__(self, title):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *exception):
                pass

            def show(self, image, milliseconds=1):
                if image is None or image.shape[0] != 64:  # a notice before the first frame
                    return None
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


def test_a_picture_that_cannot_be_saved_ends_nothing(run, video, tmp_path, press):
    (tmp_path / 'file').write_text('')
    (tmp_path / 'litepose_000001.png').write_text('mine')
    press(['s', 's'])
    status, out, err = run(video, '--pictures', 'file', '--max-frames', 2)
    assert status == 0 and out.startswith('2 frames')
    assert err.count('litepose: cannot write file/litepose_00000') == 2
    press(['s', 's'])
    _, _, err = run(video, '--max-frames', 2)
    assert 'litepose_000000.png' in err and 'litepose_000001_1.png' in err
    assert (tmp_path / 'litepose_000001.png').read_text() == 'mine'


def test_the_window_opens_before_the_model_is_loaded(run, video, press, monkeypatch):
    press([])
    monkeypatch.setattr(webcam, 'make_pipeline_estimator', None)

    def refuse(title):
        raise LitePoseError('no window here')

    monkeypatch.setattr(window_module, 'Window', refuse)
    assert run(video)[0] == 2


class Camera:
    """What OpenCV's capture of a camera of 30 frames a second would be."""

    def __init__(self, count):
        self.count = count

    def isOpened(self):
        return True

    def read(self):
        self.count -= 1
        return True, np.full((64, 96, 3), self.count % 256, np.uint8)

    def get(self, name):
        return 30.0

    def release(self):
        pass


@pytest.fixture
def source(monkeypatch):
    """``source(its)``: webcam reads from this one, whatever it is told."""

    def source(its):
        monkeypatch.setattr('litepose_mm.realtime.open_source', lambda *args: its)
        return its

    return source


def test_the_rate_of_a_camera_is_that_of_the_video(run, tmp_path, source):
    source(CaptureSource(0, print, lambda target: Camera(100)))
    status, _, _ = run('--no-display', '--out', 'o.mp4', '--max-frames', 5)
    assert status == 0 and VideoReader(tmp_path / 'o.mp4').fps == 30


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
    monkeypatch.setattr(webcam, '_SILENCE', 0.2)
    monkeypatch.setattr('litepose_mm.realtime.pipeline._PATIENCE', 0.05)
    told = []
    monkeypatch.setattr(view, 'notice', lambda text, drawing=None: told.append(text) or drawing)
    drawings = press(chain([None] * 20, ['escape']), while_waiting=True)
    start = time.monotonic()
    status, out, _ = run('--out', 'o.mp4', '--jsonl', 'o.jsonl')
    its.answers.set()
    assert status == 0 and time.monotonic() - start < 30
    assert int(out.partition(' ')[0]) <= 3 and len(drawings) == 21
    assert told[0].startswith('loading ') and told[-1].startswith('nothing new from camera 0 for ')
    assert its.at_the_end  # files are finished before the camera is waited for
    assert list(VideoReader(tmp_path / 'o.mp4'))


def test_a_camera_that_stalls_without_a_screen(run, source, monkeypatch):
    its = source(Stalling())
    monkeypatch.setattr(webcam, '_STATUS_SECONDS', 0.1)
    threading.Timer(1.0, its.answers.set).start()
    _, _, err = run('--no-display')
    assert 'litepose: nothing new from camera 0 for 0 s\n' in err


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
    assert err == f'litepose: http://localhost:{port} (this machine only); Ctrl-C ends\n'
    assert got and b'Content-Type: image/jpeg' in got[0]


def test_bad_pictures_are_told_and_left_out(run, tmp_path):
    (tmp_path / 'in').mkdir()
    for name in 'ac':
        write_image(tmp_path / 'in' / f'{name}.png', np.zeros((64, 96, 3), np.uint8))
    (tmp_path / 'in' / 'b.png').write_text('no picture')
    status, out, err = run('in', '--no-display', '--jsonl', 'o.jsonl')
    assert status == 1 and out.startswith('2 frames') and err.startswith('litepose: left out: ')
    lines = (tmp_path / 'o.jsonl').read_text().splitlines()
    assert [json.loads(line)['frame'] for line in lines] == [0, 2]


def test_frames_before_the_break_of_a_video_are_kept(run, video, tmp_path, source):
    source(VideoThatBreaks(video))
    status, _, err = run('--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert status == 2 and 'the video is cut short' in err
    assert len((tmp_path / 'o.jsonl').read_text().splitlines()) == 8
    assert len(list(VideoReader(tmp_path / 'o.mp4'))) == 8


class VideoThatBreaks(FileSource):
    def frames(self):
        yield from super().frames()
        raise LitePoseError('the video is cut short')


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['clip.mp4', '--out', 'clip.avi'], 'clip.mp4 would replace what is read from there'),
        (['clip.mp4', '--out', 'link.mp4'], 'link.mp4 would replace what is read'),
        (['clip.mp4', '--jsonl', 'clip.mp4'], 'clip.mp4 would replace what is read from there'),
        (['pictures', '--jsonl', 'pictures/a.png'], 'pictures/a.png would replace what is read'),
        (['clip.mp4', '--out', 'o.mp4', '--jsonl', './o.mp4'], '--out and --jsonl are the same'),
        (['clip.mp4', '--out', 'o.avi', '--jsonl', 'o.mp4'], '--out and --jsonl are the same'),
    ],
)
def test_nothing_that_is_read_is_replaced(run, video, tmp_path, arguments, message):
    shutil.copy(video, tmp_path / 'clip.mp4')
    (tmp_path / 'link.mp4').symlink_to('clip.mp4')
    write_image(tmp_path / 'pictures' / 'a.png', np.zeros((64, 96, 3), np.uint8))
    status, _, err = run(*arguments, '--no-display')
    assert status == 2 and message in err and err.count('\n') == 1
    assert (tmp_path / 'clip.mp4').read_bytes() == video.read_bytes()


def test_earlier_lines_stay_where_no_frame_comes(run, tmp_path):
    (tmp_path / 'old.jsonl').write_text('old')
    assert run(99, '--no-display', '--jsonl', 'old.jsonl')[0] == 2
    assert (tmp_path / 'old.jsonl').read_text() == 'old'


def test_a_codec_that_is_missing(run, video, tmp_path, monkeypatch):
    monkeypatch.setattr('litepose_mm.media.writing._CODECS', (('.mp4', 'XXXX'),))
    status, out, err = run(video, '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert (status, out) == (2, '') and 'OpenCV has no codec for 96x64' in err
    assert json.loads((tmp_path / 'o.jsonl').read_text())['frame'] == 0
    assert not (tmp_path / 'o.mp4').exists()


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_real_signal_leaves_whole_files(model, tmp_path, number, status):
    with VideoWriter(tmp_path / 'long.mp4', fps=50) as writer:
        for value in range(3000):
            writer.write(np.full((64, 96, 3), value % 256, np.uint8))
    options = ['--live', '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl', '--threads', '1']
    process = subprocess.Popen(
        [sys.executable, '-m', 'litepose_mm.cli', 'webcam', 'long.mp4', '--model', model, *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = tmp_path / 'o.jsonl'
        for _ in range(1200):
            if process.poll() is not None:
                break
            if lines.exists() and lines.read_bytes().count(b'\n') > 5:
                break
            time.sleep(0.05)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == status, err
    documents = [json.loads(line) for line in lines.read_text().splitlines()]
    frames = list(VideoReader(tmp_path / 'o.mp4'))
    assert len(documents) > 5 and len(frames) > 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ['long.mp4', 'o.jsonl', 'o.mp4']


@pytest.mark.slow
def test_memory_stays_flat(run, tmp_path, source, monkeypatch):
    """Hundreds of frames through the whole path; if each were kept, that would be 13 MB."""
    frames = 300
    rng = np.random.default_rng(0)
    images = [cv2.resize(rng.integers(0, 256, (4, 6, 3), np.uint8), (180, 120)) for _ in range(4)]

    class Memory(Source):
        name, is_live = 'memory', False

        def frames(self):
            for number in range(frames):
                yield Frame(images[number % 4].copy(), number, number / 25)

    used, draw = {}, View.draw

    def measured(self, shown, *args):
        if shown.frame.number in (100, frames - 1):
            pages = int(Path('/proc/self/statm').read_text().split()[1])
            used[shown.frame.number] = pages * resource.getpagesize()
        return draw(self, shown, *args)

    monkeypatch.setattr(View, 'draw', measured)
    source(Memory())
    status, out, _ = run('--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert status == 0 and out.startswith(f'{frames} frames')
    assert used[frames - 1] - used[100] < 4e6


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
        (['99'], 'a window cannot be opened'),
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
