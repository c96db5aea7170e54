"""Writing videos: real times, any size, and a file that is whole or not there."""

import os
import resource
from contextlib import contextmanager

import numpy as np
import pytest

from litepose_mm import LitePoseError
from litepose_mm.media import VideoReader, VideoWriter, video_writing

av = pytest.importorskip('av')


@pytest.fixture(params=['libx264', 'mpeg4'])
def codec(request, monkeypatch):
    if request.param not in av.codecs_available:
        pytest.skip(f'this FFmpeg has no {request.param}')
    only = tuple(each for each in video_writing._CODECS if each[0] == request.param)
    monkeypatch.setattr(video_writing, '_CODECS', only)


def test_round_trip(tmp_path, codec, scene, quarters, files):
    with VideoWriter(tmp_path / 'new' / 'x.mp4', 10) as writer:
        for _ in range(6):
            writer.write(scene())
    assert files(tmp_path) == ['new/x.mp4'] and writer.num_frames == 6
    reader = VideoReader(writer.path)
    assert (reader.fps, reader.frame_count) == (pytest.approx(10), 6)
    frames = list(reader)
    np.testing.assert_allclose([frame.time for frame in frames], np.arange(6) / 10, atol=1e-4)
    np.testing.assert_allclose(frames[3].image[:20, :28].mean((0, 1)), [255, 0, 0], atol=12)
    assert quarters(frames[3].image) == 'bgrk'


@pytest.mark.parametrize('fps', [24, 25, 30000 / 1001, 50, 24000 / 1001])
def test_rates(tmp_path, scene, fps):
    with VideoWriter(tmp_path / 'x.mp4', fps) as writer:
        for _ in range(24):
            writer.write(scene())
    assert VideoReader(writer.path).fps == pytest.approx(fps, rel=1e-4)


def test_times(tmp_path, codec, scene):
    times = [7.0, 7.04, 7.5, 7.5, 7.4, 60.0]
    with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
        for time in times:
            writer.write(scene(), time)
    found = [frame.time for frame in VideoReader(writer.path)]
    assert found == pytest.approx([0, 0.04, 0.5, 0.5, 0.5, 53.0], abs=1e-3)
    assert all(np.diff(found) > 0)


@pytest.mark.parametrize('size', [(63, 47), (1, 1), (3, 200), (64, 47)])
def test_odd_sizes(tmp_path, codec, scene, size):
    with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
        for _ in range(3):
            writer.write(np.full((size[1], size[0], 3), 200, np.uint8))
    frames = list(VideoReader(writer.path))
    even = tuple(side + side % 2 for side in size)
    assert [frame.image.shape[1::-1] for frame in frames] == [even] * 3
    assert abs(frames[2].image.astype(int) - 200).max() < 6


def test_frames_of_another_size_are_fitted(tmp_path, scene, quarters):
    with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
        writer.write(scene(64, 48))
        writer.write(scene(128, 96))
        writer.write(np.full((96, 48, 3), 200, np.uint8))
    first, large, high = (frame.image for frame in VideoReader(writer.path))
    assert first.shape == large.shape == high.shape == (48, 64, 3)
    assert quarters(large) == 'bgrk'
    columns = high[20:30].mean((0, 2))
    assert columns[:18].max() < 30 and columns[24:40].min() > 170 and columns[-18:].max() < 30


def test_exception_keeps_the_frames_so_far(tmp_path, scene, files):
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / 'x.mp4', 10) as writer:
        writer.write(scene())
        raise KeyboardInterrupt
    assert files(tmp_path) == ['x.mp4']
    assert len(list(VideoReader(tmp_path / 'x.mp4'))) == 1


def test_no_frames_no_file(tmp_path, files):
    with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
        pass
    writer.close()
    assert writer.num_frames == 0 and files(tmp_path) == []


def test_names_that_are_no_utf8(tmp_path, scene, files):
    with VideoWriter(
        tmp_path / os.fsdecode(b'caf\xe9') / os.fsdecode(b'\xe9:%d.avi'), 10
    ) as writer:
        writer.write(scene())
    assert [os.fsencode(name) for name in files(tmp_path)] == [b'caf\xe9/\xe9:%d.mp4']


@contextmanager
def largest_file(size):
    """Files cannot become larger, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize('size', [20_000, 200_000])
def test_a_full_disk_leaves_what_was_there(tmp_path, codec, files, size):
    (tmp_path / 'x.mp4').write_text('old')
    rng = np.random.default_rng(0)
    with (
        pytest.raises(LitePoseError, match=r'cannot write the video .*x\.mp4: .*large'),
        largest_file(size),
        VideoWriter(tmp_path / 'x.mp4', 10) as writer,
    ):
        for _ in range(40):
            writer.write(rng.integers(0, 256, (120, 160, 3), np.uint8))
    assert (tmp_path / 'x.mp4').read_text() == 'old' and files(tmp_path) == ['x.mp4']


def test_no_codec_at_all(tmp_path, monkeypatch, scene, files):
    monkeypatch.setattr(video_writing, '_CODECS', (('no_such_codec', {}),))
    with (
        pytest.raises(LitePoseError, match='cannot write the video .*no_such_codec'),
        VideoWriter(tmp_path / 'x.mp4', 10) as writer,
    ):
        writer.write(scene())
    assert files(tmp_path) == []


def test_where_no_folder_can_be(tmp_path, scene):
    (tmp_path / 'file').touch()
    with pytest.raises(LitePoseError, match='cannot write'):
        VideoWriter(tmp_path / 'file' / 'x.mp4', 10).write(scene())
