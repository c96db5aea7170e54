"""Decoding images: upright, 8 bits, and what is wrong with a file."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image

from litepose_mm import LitePoseError
from litepose_mm.media import decode_image, image_size, images, read_image, write_image


def photo(width=32, height=24, seed=0):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(0, 256, (4, 4, 3), dtype=np.uint8), (width, height))


@pytest.mark.parametrize('suffix', ['.png', '.bmp', '.ppm', '.tiff', '.jpg', '.webp'])
def test_formats(tmp_path, suffix):
    path = tmp_path / f'bild ä{suffix}'
    write_image(path, photo())
    image = read_image(path)
    assert image.shape == (24, 32, 3)
    assert image.dtype == np.uint8
    if suffix in ('.png', '.bmp', '.ppm', '.tiff'):
        np.testing.assert_array_equal(image, photo())


@pytest.mark.parametrize('stored', [photo()[..., 0], np.dstack([photo(), photo()[..., :1]])])
def test_gray_and_transparent_become_bgr(tmp_path, stored):
    cv2.imwrite(str(tmp_path / 'x.png'), stored)
    assert read_image(tmp_path / 'x.png').shape == (24, 32, 3)


def test_16_bit_becomes_8_bit(tmp_path):
    cv2.imwrite(str(tmp_path / 'x.png'), photo().astype(np.uint16) * 257)
    np.testing.assert_array_equal(read_image(tmp_path / 'x.png'), photo())


def test_exif_orientation_is_applied(tmp_path):
    data = cv2.imencode('.jpg', photo())[1].tobytes()
    entry = struct.pack('<HHII', 0x0112, 3, 1, 6)  # orientation: turn clockwise by 90 degrees
    tiff = b'II*\0' + struct.pack('<IH', 8, 1) + entry + b'\0\0\0\0'
    app1 = b'\xff\xe1' + struct.pack('>H', len(tiff) + 8) + b'Exif\0\0' + tiff
    (tmp_path / 'x.jpg').write_bytes(data[:2] + app1 + data[2:])
    upright = np.rot90(cv2.imdecode(np.frombuffer(data, np.uint8), 1), -1)
    np.testing.assert_array_equal(read_image(tmp_path / 'x.jpg'), upright)


@pytest.mark.parametrize('suffix', ['.jpg', '.png', '.bmp', '.webp', '.ppm'])
@pytest.mark.parametrize('share', [0.1, 0.5, 0.98])
def test_cut_short(tmp_path, suffix, share):
    data = cv2.imencode(suffix, photo(320, 240))[1].tobytes()
    path = tmp_path / f'x{suffix}'
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(LitePoseError, match=rf'x{suffix} is .*damaged'):
        read_image(path)


def damaged(data, how):
    """A file with 400 bytes in its middle overwritten or left out."""
    middle, rng = len(data) // 2, np.random.default_rng(0)
    between = b'' if how == 'left out' else rng.integers(0, 256, 400, np.uint8).tobytes()
    return data[:middle] + between + data[middle + 400 :]


@pytest.mark.parametrize('how', ['overwritten', 'left out'])
@pytest.mark.parametrize(
    ('kind', 'options'),
    [
        ('JPEG', {}),
        ('JPEG', {'progressive': True}),
        ('JPEG', {'restart_marker_rows': 1}),
        ('PNG', {}),
    ],
)
def test_damaged_within(tmp_path, capfd, kind, options, how):
    rng = np.random.default_rng(0)
    path = tmp_path / 'x.image'
    path.write_bytes(encoded(rng.integers(0, 256, (96, 128, 3), np.uint8), kind, **options))
    read_image(path)
    path.write_bytes(damaged(path.read_bytes(), how))
    with pytest.raises(LitePoseError, match='x.image is .*damaged.*copy it again'):
        read_image(path)
    assert kind == 'PNG' or not capfd.readouterr().err


def test_what_is_left_out_of_webp_is_noticed():
    rng = np.random.default_rng(0)
    data = encoded(rng.integers(0, 256, (96, 128, 3), np.uint8), 'WEBP')
    with pytest.raises(LitePoseError, match='x is .*damaged'):
        decode_image(damaged(data, 'left out'), 'x')


def test_oddities_of_cameras_are_no_damage(scene, quarters):
    """Phones write parameters of a scan that are for progressive files, and bytes at the end."""
    data = bytearray(encoded(scene(), 'JPEG'))
    scan = data.index(b'\xff\xda')
    data[scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], 'big') - 2] = 0  # last coefficient
    assert quarters(decode_image(bytes(data) + bytes(100), 'x')) == 'bgrk'


@pytest.mark.parametrize('mode', ['RGB', 'L'])
@pytest.mark.parametrize('options', [{}, {'progressive': True}, {'subsampling': 0}])
def test_jpeg_has_the_pixels_that_opencv_decodes(mode, options):
    file = io.BytesIO()
    Image.fromarray(photo(129, 97)).convert(mode).save(file, 'JPEG', **options)
    expected = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(decode_image(file.getvalue(), 'x'), expected)


@pytest.mark.parametrize(
    'content, message',
    [(b'', r'empty \(0 bytes\)'), (b'hello', 'damaged'), (b'\xff\xd8\xff', 'damaged')],
)
def test_not_an_image(tmp_path, content, message):
    path = tmp_path / 'x.jpg'
    path.write_bytes(content)
    with pytest.raises(LitePoseError, match=message) as caught:
        read_image(path)
    assert str(path) in str(caught.value)
    assert '\n' not in str(caught.value)


def test_missing_or_folder(tmp_path):
    with pytest.raises(LitePoseError, match='does not exist|is not a file'):
        read_image(tmp_path / 'x.jpg')
    with pytest.raises(LitePoseError, match='cannot read'):
        read_image(tmp_path)
    with pytest.raises(LitePoseError, match='cannot read'):
        read_image('nul\0byte.jpg')


def claiming(width, height):
    """A small PNG whose header says that it is of this size."""
    data = cv2.imencode('.png', photo())[1].tobytes()
    header = b'IHDR' + struct.pack('>II', width, height) + data[24:29]
    return data[:12] + header + struct.pack('>I', zlib.crc32(header)) + data[33:]


def test_as_many_pixels_as_allowed():
    data = cv2.imencode('.png', photo(40, 20))[1].tobytes()
    assert decode_image(data, 'x', max_pixels=800).shape == (20, 40, 3)
    with pytest.raises(LitePoseError, match='at most 0.000799 million pixels, but x has 40x20'):
        decode_image(data, 'x', max_pixels=799)


@pytest.mark.parametrize(
    ('size', 'told'),
    [((9000, 9000), '9000x9000'), ((11000, 11000), '11000x11000'), ((20000, 20000), 'many')],
)
def test_more_are_not_decoded(size, told, monkeypatch):
    """Pillow warns of images above 89 million pixels, and fails above 179."""
    monkeypatch.setattr(cv2, 'imdecode', lambda *_: pytest.fail('it was decoded'))
    with pytest.raises(LitePoseError, match=f'at most 50 million pixels, but x has {told}'):
        decode_image(claiming(*size), 'x', max_pixels=50_000_000)


def test_a_size_that_is_not_known_is_refused():
    data = cv2.imencode('.ras', photo())[1].tobytes()
    assert decode_image(data, 'x').shape == (24, 32, 3)
    with pytest.raises(LitePoseError, match='x is .*damaged'):
        decode_image(data, 'x', max_pixels=50_000_000)


def encoded(image, kind, **options):
    """What Pillow makes of a BGR image."""
    file = io.BytesIO()
    Image.fromarray(image[..., ::-1]).save(file, kind, **options)
    return file.getvalue()


def with_orientation(image, kind, orientation):
    if kind == 'AVIF' and not images.HAS_AVIF:
        pytest.skip('this Pillow has no AVIF')
    if kind == 'TIFF':
        return encoded(image, kind, tiffinfo={0x0112: orientation})
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {'WEBP': {'lossless': True}, 'JPEG': {'quality': 95}}.get(kind, {})
    return encoded(image, kind, exif=exif, **lossless)


UPRIGHT = {1: 'bgrk', 2: 'gbkr', 3: 'krgb', 4: 'rkbg', 5: 'brgk', 6: 'rbkg', 7: 'kgrb', 8: 'gkbr'}


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP', 'TIFF', 'AVIF'])
@pytest.mark.parametrize('orientation', list(UPRIGHT))
def test_every_kind_is_turned_upright(tmp_path, scene, quarters, kind, orientation):
    (tmp_path / 'x').write_bytes(with_orientation(scene(), kind, orientation))
    image = read_image(tmp_path / 'x')
    assert quarters(image) == UPRIGHT[orientation]
    assert image.shape == ((48, 64, 3) if orientation < 5 else (64, 48, 3))
    assert image_size(tmp_path / 'x') == image.shape[1::-1]


@pytest.mark.parametrize('where', ['before', 'behind'])
def test_a_png_may_have_its_exif_anywhere(tmp_path, scene, quarters, where):
    data = with_orientation(scene(), 'PNG', 6)
    start = data.index(b'eXIf') - 4
    size = int.from_bytes(data[start : start + 4], 'big') + 12
    exif, rest = data[start : start + size], data[:start] + data[start + size :]
    at = rest.index(b'IDAT' if where == 'before' else b'IEND') - 4
    assert quarters(decode_image(rest[:at] + exif + rest[at:], 'x')) == UPRIGHT[6]


@pytest.mark.parametrize('kind', ['JPEG', 'PNG', 'WEBP'])
def test_exif_that_is_broken_is_left_out(scene, quarters, kind):
    data = encoded(scene(), kind, exif=b'Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12')
    assert quarters(decode_image(data, 'x')) == 'bgrk'


def stored(mode):
    """An image in a mode of Pillow whose left half is bright and whose right half is dark."""
    image = Image.new('L', (64, 48))
    image.paste(200, (0, 0, 32, 48))
    if mode == 'I;16':
        return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)
    return image.convert(mode)


@pytest.mark.parametrize(
    ('mode', 'kind'),
    [
        *[(mode, 'PNG') for mode in ('L', 'P', 'RGBA', 'LA', 'I;16')],
        *[(mode, 'TIFF') for mode in ('L', 'RGBA', 'I;16')],
        *[(mode, 'JPEG') for mode in ('L', 'CMYK')],
        *[(mode, 'GIF') for mode in ('L', 'P')],
        *[(mode, 'WEBP') for mode in ('RGBA',)],
    ],
)
def test_depths_and_modes(mode, kind):
    file = io.BytesIO()
    stored(mode).save(file, kind)
    image = decode_image(file.getvalue(), 'x')
    assert (image.shape, image.dtype) == ((48, 64, 3), np.uint8)
    assert abs(image[:, :28].astype(int) - 200).max() < 8 and image[:, 36:].max() < 8


@pytest.mark.parametrize('kind', ['GIF', 'WEBP', 'PNG', 'TIFF'])
def test_of_several_images_the_first_is_taken(scene, quarters, kind):
    first, other = (Image.fromarray(image) for image in (scene()[..., ::-1], 255 - scene()))
    file = io.BytesIO()
    options = {'lossless': True} if kind == 'WEBP' else {}
    first.save(file, kind, save_all=True, append_images=[other], **options)
    with pytest.warns(UserWarning, match='x.gif .*several images'):
        assert quarters(decode_image(file.getvalue(), 'x.gif')) == 'bgrk'


def test_a_second_image_of_a_camera_is_no_news(scene, quarters, recwarn):
    file, second = io.BytesIO(), Image.fromarray(255 - scene())
    Image.fromarray(scene()[..., ::-1]).save(file, 'MPO', save_all=True, append_images=[second])
    assert quarters(decode_image(file.getvalue(), 'x')) == 'bgrk' and not recwarn


@pytest.mark.parametrize('name', ['x.png', 'x.mp4', 'x'])
def test_content_counts_rather_than_the_suffix(tmp_path, scene, quarters, name):
    (tmp_path / name).write_bytes(encoded(scene(), 'JPEG'))
    assert quarters(read_image(tmp_path / name)) == 'bgrk'


def test_heic_is_named():
    with pytest.raises(LitePoseError, match='x is a HEIC image.*convert it to JPEG'):
        decode_image(b'\0\0\0\x18ftypheic\0\0\0\0mif1heic' + bytes(100), 'x')


def test_bombs_are_refused_everywhere(tmp_path):
    (tmp_path / 'x.png').write_bytes(claiming(20000, 20000))
    for read in (read_image, image_size):
        with pytest.raises(LitePoseError, match='at most 179 million pixels, but .*x.png has many'):
            read(tmp_path / 'x.png')


def test_colour_of_floating_point_is_refused(tmp_path):
    path = tmp_path / 'light.tif'
    cv2.imwrite(str(path), np.full((8, 8, 3), 0.5, np.float32))
    with pytest.raises(LitePoseError, match='light.tif'):
        read_image(path)
