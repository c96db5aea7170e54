import functools
import http.server
import re
import shutil
import threading

import numpy as np
import pytest
from video_files import damage

from litepose_mm.errors import LitePoseError
from litepose_mm.media import VideoFrame, VideoWriter, write_image
from litepose_mm.realtime import CaptureSource, FileSource, FolderSource, open_source, sources

pytest.importorskip('av')
IMAGE = np.full((8, 12, 3), 7, np.uint8)
EMPTY = np.zeros((0, 0, 3), np.uint8)


class Capture:
    """A camera, stream or video; ``reads`` are images, and what it raises at its end."""

    fps = 30

    def __init__(self, *reads, is_live=True):
        self.reads, self.is_live, self.closed = reads, is_live, False

    def __iter__(self):
        for index, read in enumerate(self.reads):
            if isinstance(read, Exception):
                raise read
            yield VideoFrame(read, index, index / 30)

    def close(self):
        self.closed = True


ABSENT = LitePoseError('there is no camera 0')


def camera(*captures, told, target=0):
    """A source whose attempts to open it give these, one after the other."""
    waiting = list(captures)

    def open_capture(target):
        capture = waiting.pop(0)
        if isinstance(capture, Exception):
            raise capture
        return capture

    return CaptureSource(target, told.append, open_capture, back_off=(0.0, 0.001))


def take(source, count):
    frames = source.frames()
    found = [next(frames) for _ in range(count)]
    frames.close()
    return found


def test_frames_of_a_camera():
    told, capture = [], Capture(*[IMAGE] * 3)
    source = camera(capture, told=told)
    frames = take(source, 3)
    assert [frame.number for frame in frames] == [0, 1, 2] and source.fps == 30
    assert frames[0].time <= frames[1].time <= frames[2].time
    assert capture.closed and not told


@pytest.mark.parametrize('fault', [(), (LitePoseError('it stalls'),)])
def test_a_camera_that_fails_is_tried_again(fault):
    told = []
    unplugged, back = Capture(IMAGE, *fault), Capture(IMAGE, IMAGE)
    frames = take(camera(unplugged, ABSENT, ABSENT, back, told=told), 3)
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert told == [
        'camera 0 sends no frames; trying again until it does',
        'camera 0 is back',
    ]
    assert unplugged.closed and back.closed


def test_a_stopped_source_ends_while_it_waits():
    source = camera(Capture(IMAGE), told=[])
    source.back_off = (60.0,)
    frames = source.frames()
    next(frames)
    source.stop()
    assert list(frames) == []


def test_pauses_grow(monkeypatch):
    source = camera(Capture(IMAGE), *[ABSENT] * 5, told=[])
    source.back_off = (1, 2, 5)
    pauses = []

    def wait(seconds):
        pauses.append(seconds)
        if len(pauses) == 5:
            source._stopped.set()

    monkeypatch.setattr(source._stopped, 'wait', wait)
    assert len(list(source.frames())) == 1
    assert pauses == [1, 2, 5, 5, 5]


@pytest.mark.parametrize('first', [ABSENT, Capture(ABSENT), Capture()])
def test_a_source_has_to_work_first(first):
    with pytest.raises(LitePoseError, match='there is no camera 0|camera 0 sends no frames'):
        next(camera(first, told=[]).frames())


def test_an_address_where_nothing_is():
    with pytest.raises(LitePoseError, match='expected a stream at rtsp://127.0.0.1:9/a'):
        next(open_source('rtsp://127.0.0.1:9/a').frames())


class Device:
    """What OpenCV's capture of a camera would be; None is a read that fails."""

    def __init__(self, *reads, is_open=True):
        self.reads, self.is_open = list(reads), is_open

    def isOpened(self):
        return self.is_open

    def read(self):
        image = self.reads.pop(0) if self.reads else None
        return image is not None, image

    def get(self, name):
        return 15.0

    def release(self):
        self.is_open = False


def frames_of(monkeypatch, device):
    monkeypatch.setattr(sources.cv2, 'VideoCapture', lambda number: device)
    opened = sources.Camera(7)
    frames = list(opened)
    opened.close()
    return opened, frames


def test_a_camera_may_wake_up_slowly(monkeypatch):
    opened, frames = frames_of(monkeypatch, Device(None, EMPTY, IMAGE, IMAGE, EMPTY, IMAGE))
    assert [frame.index for frame in frames] == [0, 1] and opened.fps == 15


@pytest.mark.parametrize(
    ('is_open', 'message'),
    [
        (False, 'there is no camera 7; '),
        (True, 'camera 7 sends no frames'),
    ],
)
def test_a_camera_that_is_not_there(monkeypatch, is_open, message):
    monkeypatch.setattr(sources, '_WAKING_SECONDS', 0.1)
    with pytest.raises(LitePoseError, match=re.escape(message)):
        frames_of(monkeypatch, Device(is_open=is_open))


@pytest.fixture
def video(tmp_path):
    with VideoWriter(tmp_path / 'a.mp4', fps=50) as writer:
        for value in range(6):
            writer.write(np.full((32, 48, 3), 40 * value, np.uint8))
    return writer.path


def test_frames_of_a_file(video):
    source = FileSource(video)
    frames = list(source.frames())
    assert not source.is_live and source.fps == 50
    assert [round(frame.time, 3) for frame in frames] == [0, 0.02, 0.04, 0.06, 0.08, 0.1]
    assert frames[5].image.mean() > 150


def test_a_paced_file_takes_its_time(video, monkeypatch):
    source, waited = FileSource(video, paced=True), []
    monkeypatch.setattr(source._stopped, 'wait', waited.append)
    monkeypatch.setattr(sources.time, 'monotonic', lambda: 100.0)
    assert len(list(source.frames())) == 6 and source.is_live
    np.testing.assert_allclose(waited, [0, 0.02, 0.04, 0.06, 0.08, 0.1])


@pytest.mark.parametrize('number_of', [1, 3])
def test_a_damaged_file_is_told_of_at_its_end(tmp_path, video, number_of):
    damage(shutil.copy(video, tmp_path / 'b.mp4'), 3, 2 + number_of)
    told = []
    source = FileSource(tmp_path / 'b.mp4', tell=told.append)
    assert 0 < len(list(source.frames())) < 6
    assert source.num_failed == 1 and 'b.mp4 is damaged' in told[0] and len(told) == 1


def test_a_video_at_an_address_comes_once_at_its_speed():
    told, waited = [], []
    capture = Capture(*[IMAGE] * 4, is_live=False)
    source = camera(capture, told=told, target='http://host/a.mp4')
    source._stopped.wait = waited.append
    assert [frame.time for frame in source.frames()] == [0, 1 / 30, 2 / 30, 3 / 30] and not told
    assert all(seconds <= number / 30 for number, seconds in enumerate(waited))
    assert len(waited) == 4 and waited[3] > 0.05


def test_a_video_at_an_address_that_breaks_off_ends():
    told = []
    capture = Capture(IMAGE, LitePoseError('http://host/a.mp4 is cut short'), is_live=False)
    source = camera(capture, told=told, target='http://host/a.mp4')
    assert len(list(source.frames())) == 1 and source.num_failed == 1
    assert told == ['http://host/a.mp4 is cut short']


def test_a_video_from_a_server(video):
    handler = functools.partial(QuietHandler, directory=video.parent)
    with http.server.ThreadingHTTPServer(('127.0.0.1', 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            source = open_source(f'http://127.0.0.1:{server.server_port}/{video.name}')
            frames = list(source.frames())
        finally:
            server.shutdown()
            thread.join()
    assert len(frames) == 6 and source.fps == 50 and frames[5].image.mean() > 150


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


def test_images_of_a_folder(tmp_path):
    for name in 'ba':
        write_image(tmp_path / f'{name}.png', np.full((4, 4, 3), ord(name), np.uint8))
    frames = list(FolderSource(tmp_path).frames())
    assert [frame.image[0, 0, 0] for frame in frames] == [ord('a'), ord('b')]
    assert [frame.time for frame in frames] == [0, 1]
    assert [frame.file for frame in frames] == [tmp_path / 'a.png', tmp_path / 'b.png']


def test_bad_images_are_left_out(tmp_path):
    told = []
    write_image(tmp_path / 'a.png', IMAGE)
    (tmp_path / 'b.png').write_text('no image')
    write_image(tmp_path / 'c.png', np.zeros((1, 50, 3), np.uint8))
    write_image(tmp_path / 'd.png', IMAGE)
    source = FolderSource(tmp_path, told.append)
    assert [frame.number for frame in source.frames()] == [0, 3]
    assert source.num_failed == len(told) == 2
    assert 'expected an image' in told[0] and 'b.png' in told[0]
    assert told[1].startswith(f'{tmp_path / "c.png"}: expected an image')


def test_what_a_text_names(tmp_path, video):
    write_image(tmp_path / 'a.png', IMAGE)
    assert open_source('0').target == 0
    assert open_source('/dev/video42').target == 42
    (tmp_path / 'named').symlink_to('/dev/video3')
    assert open_source(str(tmp_path / 'named')).target == 3
    for address in ('rtsp://host/a', 'rtsps://host/a', 'SRT://host:1', 'rtp://host', 'udp://@:1'):
        assert open_source(address).target == address
    assert open_source(str(video)).files == [video]
    assert open_source(str(tmp_path)).files == [tmp_path / 'a.png']
    assert isinstance(open_source(str(video), paced=True), FileSource)
    assert isinstance(open_source(str(tmp_path)), FolderSource)
    assert isinstance(open_source(str(tmp_path / 'a.png')), FolderSource)
    for text in ('nothing', '12345678901', '٣'):
        with pytest.raises(LitePoseError, match=re.escape(repr(text))):
            open_source(text)
    with pytest.raises(LitePoseError, match='expected a video to play like a camera, got'):
        open_source(str(tmp_path), paced=True)


def test_a_real_camera_that_is_not_there():
    with pytest.raises(LitePoseError, match='there is no camera 99'):
        next(open_source('99').frames())
