"""Reading videos: as players show them, past what is damaged."""

import gc
import os
import shutil
import threading

import numpy as np
import pytest
from video_files import damage, packets, turn

from litepose_mm import LitePoseError
from litepose_mm.media import VideoReader

av = pytest.importorskip('av')


def read(path):
    """The frames of a video, and the error that it ends with."""
    frames = []
    try:
        for frame in VideoReader(path):
            frames.append(frame)
    except LitePoseError as error:
        return frames, str(error)
    return frames, None


def values(frames):
    return [round(float(frame.image.mean()) / 20) for frame in frames]


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mkv', '.mov', '.ts', '.3gp', '.flv'])
def test_containers(tmp_path, make_video, numbered, suffix):
    codec = 'flv' if suffix == '.flv' else 'mpeg4'
    path = make_video(tmp_path / f'x{suffix}', numbered(12), codec=codec)
    frames, error = read(path)
    assert error is None
    assert [frame.index for frame in frames] == values(frames) == list(range(12))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(12) / 10, abs=2e-3)


@pytest.mark.parametrize('suffix', ['.mp4', '.avi', '.mkv', '.ts'])
def test_frames_that_are_decoded_out_of_order(tmp_path, make_video, numbered, suffix):
    path = make_video(tmp_path / f'x{suffix}', numbered(12), codec='libx264', b_frames=3, gop=12)
    frames, error = read(path)
    assert error is None and [frame.index for frame in frames] == values(frames) == list(range(12))
    assert [frame.time for frame in frames] == pytest.approx(np.arange(12) / 10, abs=2e-3)


@pytest.mark.parametrize(
    'name',
    [b'caf\xe9.mp4', b'a:b.mp4', b'%03d.mp4', b'file:x', b'concat:a|b', b"it's [1] \xc3\xa4"],
)
def test_names_are_only_names(tmp_path, make_video, numbered, name):
    path = tmp_path / os.fsdecode(name)
    shutil.move(make_video(tmp_path / 'plain.mp4', numbered(3)), path)
    assert len(read(path)[0]) == 3


def test_a_pipe(tmp_path, make_video, numbered):
    path, pipe = make_video(tmp_path / 'x.mkv', numbered(4)), tmp_path / 'pipe'
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(path.read_bytes()))
    writer.start()
    assert len(read(pipe)[0]) == 4
    writer.join()


@pytest.mark.parametrize(
    ('orientation', 'expected'),
    [(2, 'gbkr'), (3, 'krgb'), (4, 'rkbg'), (5, 'brgk'), (6, 'rbkg'), (7, 'kgrb'), (8, 'gkbr')],
)
def test_frames_are_upright(tmp_path, make_video, scene, quarters, orientation, expected):
    path = make_video(tmp_path / 'x.mp4', [scene()] * 3)
    turn(path, orientation)
    frames, _ = read(path)
    assert {quarters(frame.image) for frame in frames} == {expected}
    lies = orientation < 5
    assert {frame.image.shape for frame in frames} == {(48, 64, 3) if lies else (64, 48, 3)}


@pytest.mark.parametrize(('sar', 'width'), [('2/1', 128), ('1/2', 32), ('100/1', 64)])
def test_pixels_are_square(tmp_path, make_video, scene, quarters, sar, width):
    frames, _ = read(make_video(tmp_path / 'x.mkv', [scene()] * 2, sar=sar))
    assert frames[0].image.shape == (48, width, 3) and quarters(frames[0].image) == 'bgrk'


def test_frames_do_not_stay_in_memory(tmp_path, make_video, numbered):
    import av

    def count():
        return sum(isinstance(each, av.VideoFrame) for each in gc.get_objects())

    path = make_video(tmp_path / 'a.mp4', numbered(20))
    gc.collect()
    before = count()
    gc.disable()
    try:
        num_frames = sum(1 for _ in VideoReader(path))
        kept = count() - before
    finally:
        gc.enable()
    assert num_frames == 20 and kept < 10


def test_times_are_those_of_the_video(tmp_path, make_video, numbered):
    times = [0, 0.04, 0.1, 0.5, 0.52, 3.0]
    frames, error = read(make_video(tmp_path / 'x.mp4', numbered(6), times))
    assert error is None and [frame.index for frame in frames] == list(range(6))
    assert [frame.time for frame in frames] == pytest.approx(times, abs=1e-3)


def test_times_begin_anew(tmp_path, make_video, numbered):
    parts = [make_video(tmp_path / f'{name}.ts', numbered(30)).read_bytes() for name in 'ab']
    (tmp_path / 'x.ts').write_bytes(b''.join(parts))
    frames, error = read(tmp_path / 'x.ts')
    times = [frame.time for frame in frames]
    assert error is None and [frame.index for frame in frames] == list(range(60))
    assert times == sorted(times) and times[-1] == pytest.approx(5.9, abs=0.01)


def test_sizes_may_change(tmp_path, make_video, scene, quarters):
    sizes = [(64, 48), (48, 96)]
    parts = [make_video(tmp_path / f'{w}.ts', [scene(w, h)] * 3).read_bytes() for w, h in sizes]
    (tmp_path / 'x.ts').write_bytes(b''.join(parts))
    frames, _ = read(tmp_path / 'x.ts')
    assert [frame.image.shape[1::-1] for frame in frames] == [(64, 48)] * 3 + [(48, 96)] * 3
    assert {quarters(frame.image) for frame in frames} == {'bgrk'}


@pytest.mark.parametrize(
    ('codec', 'pix_fmt'),
    [
        ('ffv1', 'gray'),
        ('ffv1', 'yuv420p10le'),
        ('ffv1', 'yuva420p'),
        ('ffv1', 'bgra'),
        ('ffv1', 'gray16le'),
        ('mjpeg', 'yuvj420p'),
        ('libx264', 'yuv444p'),
        ('libx264', 'yuv420p10le'),
    ],
)
def test_pixel_formats(tmp_path, make_video, numbered, codec, pix_fmt):
    path = make_video(tmp_path / 'x.mkv', numbered(4), codec=codec, pix_fmt=pix_fmt)
    frames, error = read(path)
    assert error is None and values(frames) == [0, 1, 2, 3]
    assert {(frame.image.shape, frame.image.dtype.name) for frame in frames} == {
        ((48, 64, 3), 'uint8')
    }


@pytest.mark.parametrize('codec', ['mjpeg', 'libx264', 'ffv1'])
def test_goes_on_behind_damage(tmp_path, make_video, numbered, codec):
    path = make_video(tmp_path / 'x.mp4' if codec != 'ffv1' else tmp_path / 'x.mkv', numbered(12),
                      codec=codec, gop=1)  # fmt: skip
    damage(path, 4, 5, 0xFF)
    frames, error = read(path)
    indices = [frame.index for frame in frames]
    assert error is not None and str(path) in error and 'frames lost: 2 of 12' in error
    assert indices == [0, 1, 2, 3, 6, 7, 8, 9, 10, 11] == values(frames)
    assert [frame.time for frame in frames] == pytest.approx(np.array(indices) / 10, abs=2e-3)


def test_an_avi_whose_chunks_are_destroyed(tmp_path, make_video, numbered):
    path = make_video(tmp_path / 'x.avi', numbered(12), codec='mjpeg')
    data, found = bytearray(path.read_bytes()), packets(path)
    start, end = found[4][0] - 8, sum(found[5])  # with the headers of the chunks
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    frames, error = read(path)
    assert 'frames lost: 2 of 12' in error
    assert [frame.index for frame in frames] == values(frames) == [0, 1, 2, 3, 6, 7, 8, 9, 10, 11]


def test_transport_packets_that_are_missing(tmp_path, make_video, numbered):
    path = make_video(tmp_path / 'x.ts', numbered(12), codec='mpeg2video', gop=1)
    data, found = path.read_bytes(), packets(path)
    start, end = found[4][0] // 188 * 188, found[6][0] // 188 * 188
    path.write_bytes(data[:start] + data[end:])
    frames, error = read(path)
    assert 'lost' in error
    assert [frame.index for frame in frames] == values(frames)
    assert len(frames) < 12 and frames[-1].index == 11


@pytest.mark.parametrize('suffix', ['.mp4', '.mkv', '.avi'])
def test_cut_short(tmp_path, make_video, numbered, suffix):
    options = {'options': {'movflags': 'faststart'}} if suffix == '.mp4' else {}
    path = make_video(tmp_path / f'x{suffix}', numbered(60), codec='mjpeg', **options)
    data, found = path.read_bytes(), packets(path)
    path.write_bytes(data[: found[40][0]])
    frames, error = read(path)
    assert [frame.index for frame in frames] == list(range(40))
    assert 'frames lost: 20 of 60' in error or 'it ends after 4.0 of 6.0 s' in error


def test_a_wrong_count_in_the_header_is_no_damage(tmp_path, make_video, numbered):
    path = make_video(tmp_path / 'x.avi', numbered(12))
    data = bytearray(path.read_bytes())
    at = data.index(b'strh') + 8 + 32  # dwLength
    assert int.from_bytes(data[at : at + 4], 'little') == 12
    data[at : at + 4] = (999).to_bytes(4, 'little')
    path.write_bytes(data)
    frames, error = read(path)
    assert len(frames) == 12 and error is None


def sound(path):
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('pcm_s16le', rate=8000, layout='mono')
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), 's16', 'mono')
        frame.sample_rate, frame.pts = 8000, 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode())


def test_only_sound(tmp_path):
    sound(tmp_path / 'x.wav')
    with pytest.raises(LitePoseError, match='only sound'):
        VideoReader(tmp_path / 'x.wav')


def test_no_frame_at_all(tmp_path, make_video, numbered):
    path = make_video(tmp_path / 'x.mp4', numbered(3), codec='libx264')
    damage(path, 0, 2, 0xFF)
    frames, error = read(path)
    assert not frames and 'no frame' in error


@pytest.mark.parametrize('content', [b'', b'hello', None])
def test_not_a_video(tmp_path, make_video, numbered, content):
    path = tmp_path / 'x.mp4'
    if content is None:
        content = make_video(tmp_path / 'whole.mp4', numbered(3)).read_bytes()[:300]
    path.write_bytes(content)
    with pytest.raises(LitePoseError, match='cannot open .*x.mp4.*convert it to MP4') as caught:
        VideoReader(path)
    assert '\n' not in str(caught.value)


def test_missing(tmp_path):
    for path in (tmp_path / 'x.mp4', tmp_path):
        with pytest.raises(LitePoseError, match='does not exist|is not a file'):
            VideoReader(path)


def test_real_video(shared_file):
    reader = VideoReader(shared_file('data/video/street.mp4'))
    assert reader.frame_count == len(list(reader)) == 5
