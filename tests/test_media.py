"""Finding, reading and writing pictures and videos; above all what is wrong with a file."""

import json
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from litepose_mm import LitePoseError
from litepose_mm.media import (
    VideoReader,
    VideoWriter,
    decode_image,
    find_media,
    read_image,
    write_image,
    write_json,
    writing,
)


def picture(width=32, height=24, seed=0):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8), (width, height))


def video(path, frames=6, size=(32, 24), fps=10):
    with VideoWriter(path, fps) as writer:
        for index in range(frames):
            writer.write(np.full((size[1], size[0], 3), 40 * index, np.uint8))
    return writer.path


def files(folder):
    """Every file below a folder, so that leftovers are noticed."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob('*') if p.is_file())


@pytest.fixture
def album(tmp_path):
    for name in ('b.jpg', 'a.PNG', '.hidden.jpg', 'deep/c.jpg', '.thumbs/d.jpg', 'notes.txt'):
        path = tmp_path / 'album' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'not read here')
    return tmp_path / 'album'


class TestFindMedia:
    def test_folder(self, album):
        assert [file.name for file in find_media([album])] == ['a.PNG', 'b.jpg']

    def test_recursive(self, album):
        names = [file.name for file in find_media([album], recursive=True)]
        assert names == ['a.PNG', 'b.jpg', 'deep/c.jpg']

    def test_pattern(self, album):
        assert [f.name for f in find_media([f'{album}/*'])] == ['a.PNG', 'b.jpg']
        assert [f.name for f in find_media([f'{album}/**/c.*'])] == ['c.jpg']

    def test_a_named_file_is_taken_whatever_its_suffix(self, album):
        [file] = find_media([album / 'notes.txt'])
        assert file.path == album / 'notes.txt'
        assert not file.is_video

    def test_brackets_in_a_name_are_no_pattern(self, tmp_path):
        path = tmp_path / 'photo[1].jpg'
        path.touch()
        assert find_media([path])[0].path == path

    def test_each_file_once_in_the_order_given(self, album):
        found = find_media([album / 'b.jpg', album, album / 'deep' / '..' / 'b.jpg'])
        assert [file.name for file in found] == ['b.jpg', 'a.PNG']

    def test_names_do_not_collide(self, tmp_path):
        for name in ('one/x.jpg', 'two/x.jpg', 'two/X.png', 'two/x.mp4'):
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.touch()
        names = [file.name for file in find_media([tmp_path / 'one', tmp_path / 'two'])]
        assert names == ['x.jpg', 'X_2.png', 'x_3.jpg', 'x_4.mp4']

    def test_videos_are_known_by_suffix(self, tmp_path):
        (tmp_path / 'x.MP4').touch()
        assert find_media([tmp_path])[0].is_video

    @pytest.mark.parametrize(
        'name, message',
        [
            ('missing.jpg', "there is no '.*missing.jpg'"),
            ('*.gif', 'found none'),
            ('x' * 300, 'File name too long'),
            ('empty', r'found none; folders in it are not looked into \(known: .avi .bmp'),
            ('nul\0byte', 'there is no'),
        ],
    )
    def test_nothing_there(self, tmp_path, name, message):
        (tmp_path / 'empty').mkdir()
        with pytest.raises(LitePoseError, match=message) as caught:
            find_media([f'{tmp_path}/{name}'])
        assert '\n' not in str(caught.value)


class TestReadImage:
    @pytest.mark.parametrize('suffix', ['.png', '.bmp', '.ppm', '.tiff', '.jpg', '.webp'])
    def test_formats(self, tmp_path, suffix):
        path = tmp_path / f'bild ä{suffix}'
        write_image(path, picture())
        image = read_image(path)
        assert image.shape == (24, 32, 3)
        assert image.dtype == np.uint8
        if suffix in ('.png', '.bmp', '.ppm', '.tiff'):
            np.testing.assert_array_equal(image, picture())

    @pytest.mark.parametrize(
        'stored', [picture()[..., 0], np.dstack([picture(), picture()[..., :1]])]
    )
    def test_gray_and_transparent_become_bgr(self, tmp_path, stored):
        cv2.imwrite(str(tmp_path / 'x.png'), stored)
        assert read_image(tmp_path / 'x.png').shape == (24, 32, 3)

    def test_16_bit_becomes_8_bit(self, tmp_path):
        cv2.imwrite(str(tmp_path / 'x.png'), picture().astype(np.uint16) * 257)
        np.testing.assert_array_equal(read_image(tmp_path / 'x.png'), picture())

    def test_exif_orientation_is_applied(self, tmp_path):
        data = cv2.imencode('.jpg', picture())[1].tobytes()
        entry = struct.pack('<HHII', 0x0112, 3, 1, 6)  # orientation: turn clockwise by 90 degrees
        tiff = b'II*\0' + struct.pack('<IH', 8, 1) + entry + b'\0\0\0\0'
        app1 = b'\xff\xe1' + struct.pack('>H', len(tiff) + 8) + b'Exif\0\0' + tiff
        (tmp_path / 'x.jpg').write_bytes(data[:2] + app1 + data[2:])
        upright = np.rot90(cv2.imdecode(np.frombuffer(data, np.uint8), 1), -1)
        np.testing.assert_array_equal(read_image(tmp_path / 'x.jpg'), upright)

    @pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp', '.ppm'])
    @pytest.mark.parametrize('share', [0.1, 0.5, 0.98])
    def test_cut_short(self, tmp_path, suffix, share):
        data = cv2.imencode(suffix, picture(320, 240))[1].tobytes()
        path = tmp_path / f'x{suffix}'
        path.write_bytes(data[: int(share * len(data))])
        with pytest.raises(LitePoseError, match='cut short, broken or of another kind'):
            read_image(path)

    @pytest.mark.parametrize(
        'content, message',
        [(b'', r'empty \(0 bytes\)'), (b'hello', 'broken'), (b'\xff\xd8\xff', 'broken')],
    )
    def test_not_a_picture(self, tmp_path, content, message):
        path = tmp_path / 'x.jpg'
        path.write_bytes(content)
        with pytest.raises(LitePoseError, match=message) as caught:
            read_image(path)
        assert str(path) in str(caught.value)
        assert '\n' not in str(caught.value)

    def test_missing_or_folder(self, tmp_path):
        with pytest.raises(LitePoseError, match='there is no file'):
            read_image(tmp_path / 'x.jpg')
        with pytest.raises(LitePoseError, match='cannot read'):
            read_image(tmp_path)
        with pytest.raises(LitePoseError, match='cannot read'):
            read_image('nul\0byte.jpg')


def claiming(width, height):
    """A small PNG whose header says that it is of this size."""
    data = cv2.imencode('.png', picture())[1].tobytes()
    header = b'IHDR' + struct.pack('>II', width, height) + data[24:29]
    return data[:12] + header + struct.pack('>I', zlib.crc32(header)) + data[33:]


class TestLimit:
    def test_as_many_pixels_as_allowed(self):
        data = cv2.imencode('.png', picture(40, 20))[1].tobytes()
        assert decode_image(data, 'x', max_pixels=800).shape == (20, 40, 3)
        with pytest.raises(LitePoseError, match='at most 0.000799 million pixels, but x has 40x20'):
            decode_image(data, 'x', max_pixels=799)

    @pytest.mark.parametrize(
        ('size', 'told'),
        [((9000, 9000), '9000x9000'), ((11000, 11000), '11000x11000'), ((20000, 20000), 'many')],
    )
    def test_more_are_not_decoded(self, size, told, monkeypatch):
        """Pillow warns of pictures above 89 million pixels, and fails above 179."""
        monkeypatch.setattr(cv2, 'imdecode', lambda *_: pytest.fail('it was decoded'))
        with pytest.raises(LitePoseError, match=f'at most 50 million pixels, but x has {told}'):
            decode_image(claiming(*size), 'x', max_pixels=50_000_000)

    def test_a_size_that_is_not_known_is_refused(self):
        data = cv2.imencode('.hdr', picture().astype(np.float32))[1].tobytes()
        assert decode_image(data, 'x').shape == (24, 32, 3)
        with pytest.raises(LitePoseError, match='x is cut short, broken or of another kind'):
            decode_image(data, 'x', max_pixels=50_000_000)


class TestVideo:
    def test_round_trip(self, tmp_path):
        path = video(tmp_path / 'new' / 'x.mp4')
        assert files(tmp_path) == ['new/x.mp4']
        reader = VideoReader(path)
        assert reader.fps == pytest.approx(10)
        assert reader.frame_count == 6
        means = [image.mean() for image in reader]
        np.testing.assert_allclose(means, 40 * np.arange(6), atol=4)

    def test_cut_short_tells_after_the_frames(self, tmp_path, monkeypatch):
        path = video(tmp_path / 'x.mp4')
        reader = VideoReader(path)
        reader.frame_count = 100
        read = []
        with pytest.raises(LitePoseError, match='ends at frame 6 of about 100'):
            for image in reader:
                read.append(image)
        assert len(read) == 6

    @pytest.mark.parametrize('content', [b'', b'hello', None])
    def test_not_a_video(self, tmp_path, content):
        path = tmp_path / 'x.mp4'
        if content is None:
            content = video(tmp_path / 'whole.mp4').read_bytes()[:300]
        path.write_bytes(content)
        with pytest.raises(LitePoseError, match='cannot open .*convert it to MP4'):
            VideoReader(path)

    def test_missing(self, tmp_path):
        with pytest.raises(LitePoseError, match='there is no file'):
            VideoReader(tmp_path / 'x.mp4')

    def test_exception_keeps_the_frames_so_far(self, tmp_path):
        with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / 'x.mp4', 10) as writer:
            writer.write(picture())
            raise KeyboardInterrupt
        assert files(tmp_path) == ['x.mp4']
        assert len(list(VideoReader(tmp_path / 'x.mp4'))) == 1

    def test_no_frames_no_file(self, tmp_path):
        with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
            pass
        writer.close()
        assert writer.num_frames == 0
        assert files(tmp_path) == []

    def test_falls_back_to_avi(self, tmp_path, monkeypatch):
        without_mp4 = (('.mp4', 'XXXX'), ('.avi', 'MJPG'))
        monkeypatch.setattr(writing, '_CODECS', without_mp4)
        with VideoWriter(tmp_path / 'x.mp4', 10) as writer:
            writer.write(picture())
        assert files(tmp_path) == ['x.avi']
        assert writer.path == tmp_path / 'x.avi'
        assert 'cannot write this video as MP4' in writer.message

    def test_no_codec_at_all(self, tmp_path, monkeypatch):
        monkeypatch.setattr(writing, '_CODECS', (('.mp4', 'XXXX'),))
        with (
            pytest.raises(LitePoseError, match='no codec'),
            VideoWriter(tmp_path / 'x.mp4', 10) as writer,
        ):
            writer.write(picture())
        assert files(tmp_path) == []

    def test_frames_of_another_size(self, tmp_path):
        with (
            pytest.raises(LitePoseError, match='frames of'),
            VideoWriter(tmp_path / 'x.mp4', 10) as writer,
        ):
            writer.write(picture())
            writer.write(picture(40, 24))

    def test_real_video(self, shared_file):
        reader = VideoReader(shared_file('data/video/street.mp4'))
        assert reader.frame_count > 0
        assert next(iter(reader)).ndim == 3


class TestWriting:
    def test_image_formats_that_cannot(self, tmp_path):
        with pytest.raises(LitePoseError, match='does not write this'):
            write_image(tmp_path / 'x.svg', picture())
        assert files(tmp_path) == []

    def test_json(self, tmp_path):
        path = tmp_path / 'deep' / 'x.json'
        write_json(path, {'a': [1, 2.5, 'ä']})
        assert json.loads(path.read_text(encoding='utf-8')) == {'a': [1, 2.5, 'ä']}

    @pytest.mark.parametrize('document', [{'a': float('nan')}, {'a': {1, 2}}])
    def test_json_refuses_what_it_cannot_hold(self, tmp_path, document):
        path = tmp_path / 'x.json'
        path.write_text('old')
        with pytest.raises(LitePoseError, match='cannot write'):
            write_json(path, document)
        assert path.read_text() == 'old'

    def test_a_failure_leaves_the_old_file_and_no_other(self, tmp_path, monkeypatch):
        path = tmp_path / 'x.json'
        path.write_text('old')

        def full(self, text, encoding):
            self.touch()
            raise OSError(28, 'No space left on device')

        monkeypatch.setattr(Path, 'write_text', full)
        with pytest.raises(LitePoseError, match='No space left'):
            write_json(path, {})
        assert files(tmp_path) == ['x.json']
        assert path.read_bytes() == b'old'

    def test_where_no_folder_can_be(self, tmp_path):
        (tmp_path / 'file').touch()
        for write in (
            lambda: write_json(tmp_path / 'file' / 'x.json', {}),
            lambda: write_image(tmp_path / 'file' / 'x.png', picture()),
            lambda: VideoWriter(tmp_path / 'file' / 'x.mp4', 10).write(picture()),
        ):
            with pytest.raises(LitePoseError, match='cannot write'):
                write()
