"""Small images and videos of every kind, made here."""

from fractions import Fraction

import numpy as np
import pytest

CORNERS = ((255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0))  # BGR: blue, green, red, black


def scene(width=64, height=48):
    """An image whose four quarters tell how it lies: blue, green / red, black."""
    image = np.zeros((height, width, 3), np.uint8)
    image[: height // 2, : width // 2], image[: height // 2, width // 2 :] = CORNERS[:2]
    image[height // 2 :, : width // 2] = CORNERS[2]
    return image


def quarters(image):
    """The colours of the quarters by row, e.g. 'bgrk' of :func:`scene`."""
    height, width = image.shape[:2]
    points = [(y, x) for y in (height // 4, -height // 4) for x in (width // 4, -width // 4)]
    colours = [image[point].astype(int) for point in points]
    return ''.join('bgr'[c.argmax()] if c.max() > 100 else 'k' for c in colours)


@pytest.fixture(name='scene')
def scene_fixture():
    return scene


@pytest.fixture(name='quarters')
def quarters_fixture():
    return quarters


@pytest.fixture
def make_video():
    """``make_video(path, images, times=None, codec='mpeg4', **options)`` with PyAV."""
    av = pytest.importorskip('av')

    def make(path, images, times=None, codec='mpeg4', pix_fmt='yuv420p', **options):
        if codec not in av.codecs_available:
            pytest.skip(f'this FFmpeg has no {codec}')
        sar, gop, b_frames = (
            options.pop(*each) for each in (('sar', None), ('gop', 5), ('b_frames', 0))
        )
        with av.open(str(path), 'w', **options) as container:
            stream = container.add_stream(codec, rate=10)
            stream.height, stream.width = images[0].shape[:2]
            stream.pix_fmt = 'yuvj420p' if codec == 'mjpeg' else pix_fmt
            clock = 10 if times is None and codec == 'mpeg2video' or path.suffix == '.avi' else 1000
            stream.codec_context.time_base = Fraction(1, clock)
            stream.codec_context.gop_size = gop
            stream.codec_context.max_b_frames = b_frames
            if sar is not None:
                stream.codec_context.sample_aspect_ratio = Fraction(sar)
            for index, image in enumerate(images):
                frame = av.VideoFrame.from_ndarray(image, format='bgr24')
                frame.time_base = Fraction(1, clock)
                frame.pts = round(clock * (index / 10 if times is None else times[index]))
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path

    return make


@pytest.fixture
def numbered():
    """``numbered(12)``: so many frames that are told apart by :func:`values`."""
    return lambda count: [
        np.full((48, 64, 3), 20 * index % 256, np.uint8) for index in range(count)
    ]


@pytest.fixture
def files():
    """``files(folder)``: every file below it, so that leftovers are noticed."""
    return lambda folder: sorted(
        p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file()
    )
