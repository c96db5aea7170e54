"""Training reads images as prediction does, and the check of annotations expects the same."""

import io

import mmcv
import numpy as np
import pytest
from mmpose.datasets.transforms import LoadImage
from PIL import Image

from litepose_mm import LitePoseError
from litepose_mm.annotations.images import size_of_image
from litepose_mm.media import read_image


@pytest.mark.parametrize('kind', ['jpeg', 'png', 'webp', 'tiff', 'gif'])
def test_images_are_upright(tmp_path, kind):
    exif, pixels = Image.Exif(), np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)
    exif[0x0112] = 6
    path = tmp_path / f'x.{kind}'
    options = {} if kind == 'gif' else {'exif': exif}
    Image.fromarray(pixels).resize((60, 40)).save(path, **options)
    loaded = LoadImage()({'img_path': str(path)})
    np.testing.assert_array_equal(loaded['img'], read_image(path))
    np.testing.assert_array_equal(mmcv.imread(path), read_image(path))
    height, width = loaded['ori_shape']
    assert (width, height) == ((60, 40) if kind == 'gif' else (40, 60))
    assert size_of_image(path) == size_of_image(path, decode=True) == (width, height)


def test_what_a_config_asks_for_is_left_to_mmcv(tmp_path):
    file = io.BytesIO()
    Image.new('L', (6, 4)).save(file, 'PNG')
    assert mmcv.imfrombytes(file.getvalue(), flag='grayscale').shape == (4, 6)
    assert mmcv.imfrombytes(file.getvalue(), channel_order='rgb').shape == (4, 6, 3)


def test_a_broken_image_is_named(tmp_path):
    (tmp_path / 'x.jpg').write_bytes(b'no image')
    with pytest.raises(LitePoseError, match=r'damaged .*x\.jpg'):
        LoadImage()({'img_path': str(tmp_path / 'x.jpg')})
