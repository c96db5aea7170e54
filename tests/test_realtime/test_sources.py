import functools
import http.server
import threading

import cv2
import numpy as np
import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.media import VideoWriter, write_image
from litepose_mm.realtime import CaptureSource, FileSource, FolderSource, open_source, sources

IMAGE = np.full((8, 12, 3), 7, np.uint8)
EMPTY = np.zeros((0, 0, 3), np.uint8)


class Camera:
    """What OpenCV's capture would be; ``reads`` are images, None for a failure."""

    def __init__(self, reads, is_open=True, length=0):
        self.reads, self.is_open, self.released = list(reads), is_open, False
        self.facts = {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_FRAME_COUNT: length}

    def isOpened(self):
        return self.is_open

    def read(self):
        image = self.reads.pop(0) if self.reads else None
        return image is not None, image

    def get(self, name):
        return self.facts[name]

    def release(self):
        self.released = True


def camera(*captures, told):
    """A source whose attempts to open it give these, one after the other."""
    waiting = list(captures)
    return CaptureSource(0, told.append, lambda target: waiting.pop(0), back_off=(0.0, 0.001))


def take(source, count):
    frames = source.frames()
    found = [next(frames) for _ in range(count)]
    frames.close()
    return found


def test_frames_of_a_camera():
    told, capture = [], Camera([IMAGE] * 3)
    frames = take(camera(capture, told=told), 3)
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert frames[0].time <= frames[1].time <= frames[2].time
    assert capture.released and not told


def test_the_rate_of_a_camera_is_known_with_its_first_frame():
    source = camera(Camera([IMAGE]), told=[])
    next(source.frames())
    assert source.fps == 30


@pytest.mark.parametrize('fault', [None, EMPTY])
def test_a_camera_that_fails_is_tried_again(fault):
    told = []
    unplugged = Camera([IMAGE, fault])
    absent, back = Camera([], is_open=False), Camera([IMAGE, IMAGE])
    frames = take(camera(unplugged, absent, absent, back, told=told), 3)
    assert [frame.number for frame in frames] == [0, 1, 2]
    assert told == [
        'camera 0 gives no frames; trying again until it does',
        'camera 0 is back',
    ]
    assert unplugged.released and back.released


def test_a_stopped_source_ends_while_it_waits():
    told = []
    source = CaptureSource(
        0, told.append, lambda target: Camera([IMAGE] if not told else []), back_off=(60.0,)
    )
    frames = source.frames()
    next(frames)
    source.stop()
    assert list(frames) == []


def test_pauses_grow(monkeypatch):
    source = CaptureSource(0, lambda line: None, lambda target: Camera([]), back_off=(1, 2, 5))
    pauses = []
    captures = iter([Camera([IMAGE])] + [Camera([])] * 5)
    source._open_capture = lambda target: next(captures)

    def wait(seconds):
        pauses.append(seconds)
        if len(pauses) == 5:
            source._stopped.set()
        return len(pauses) == 5

    monkeypatch.setattr(source._stopped, 'wait', wait)
    assert len(list(source.frames())) == 1
    assert pauses == [1, 2, 5, 5, 5]


@pytest.mark.parametrize(
    ('target', 'is_open', 'message'),
    [
        (7, False, 'there is no camera 7; devices here: '),
        (7, True, 'camera 7 gives no frames; does another program use it?'),
        ('rtsp://nobody/a', False, 'expected a stream at rtsp://nobody/a, but nothing comes'),
    ],
)
def test_a_source_has_to_work_first(monkeypatch, target, is_open, message):
    monkeypatch.setattr(sources, '_WAKING_SECONDS', 0.1)
    source = CaptureSource(target, print, lambda target: Camera([], is_open))
    with pytest.raises(LitePoseError, match=message):
        next(source.frames())


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


@pytest.mark.parametrize('length', [4, 4.4])
def test_a_video_at_an_address_comes_once_at_its_speed(length):
    told, waited = [], []
    capture = Camera([IMAGE] * 4, length=length)
    source = CaptureSource('http://host/a.mp4', told.append, lambda target: capture)
    source._stopped.wait = waited.append
    assert len(list(source.frames())) == 4 and not told
    assert all(seconds <= number / 30 for number, seconds in enumerate(waited, start=1))
    assert len(waited) == 4 and waited[3] > 0.1


def test_a_video_at_an_address_that_breaks_off_ends():
    told = []
    source = CaptureSource(
        'http://host/a.mp4', told.append, lambda target: Camera([IMAGE] * 3, length=40)
    )
    assert len(list(source.frames())) == 3 and source.num_failed == 1
    assert told == ['http://host/a.mp4 breaks off after 3 of 40 frames']


def test_a_camera_may_wake_up_slowly():
    told = []
    frames = take(camera(Camera([None, EMPTY, IMAGE, IMAGE]), told=told), 2)
    assert [frame.number for frame in frames] == [0, 1] and not told


@pytest.mark.parametrize('length', [-9e15, 0, 9e15])
def test_a_stream_that_fails_before_its_end_is_tried_again(length):
    captures = [Camera([IMAGE], length=length), Camera([IMAGE], length=length)]
    source = CaptureSource('rtsp://host/a', print, lambda target: captures.pop(0), back_off=(0.0,))
    assert len(take(source, 2)) == 2


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


def test_pictures_of_a_folder(tmp_path):
    for name in 'ba':
        write_image(tmp_path / f'{name}.png', np.full((4, 4, 3), ord(name), np.uint8))
    frames = list(FolderSource(tmp_path).frames())
    assert [frame.image[0, 0, 0] for frame in frames] == [ord('a'), ord('b')]
    assert [frame.time for frame in frames] == [0, 1]
    assert [frame.file for frame in frames] == [tmp_path / 'a.png', tmp_path / 'b.png']


def test_bad_pictures_are_left_out(tmp_path):
    told = []
    write_image(tmp_path / 'a.png', IMAGE)
    (tmp_path / 'b.png').write_text('no picture')
    write_image(tmp_path / 'c.png', np.zeros((1, 50, 3), np.uint8))
    write_image(tmp_path / 'd.png', IMAGE)
    source = FolderSource(tmp_path, told.append)
    assert [frame.number for frame in source.frames()] == [0, 3]
    assert source.num_failed == len(told) == 2
    assert told[0].startswith('left out: expected a picture, but') and 'b.png' in told[0]
    assert told[1].startswith(f'{tmp_path / "c.png"}: expected a picture no longer than 20 times')


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
        with pytest.raises(LitePoseError, match=f"of pictures, got '{text}', which is none"):
            open_source(text)
    with pytest.raises(LitePoseError, match='expected a video to play like a camera, got'):
        open_source(str(tmp_path), paced=True)


def test_a_real_camera_that_is_not_there():
    with pytest.raises(LitePoseError, match='there is no camera 99'):
        next(open_source('99').frames())
