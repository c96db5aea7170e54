import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litepose_mm.preprocessing.resize import aligned_size, resize_align, resize_within, warp_affine
from litepose_mm.testing import reference

sides = st.integers(1, 2000)


@given(sides, sides, st.sampled_from([256, 320, 448, 512, 500]))
def test_the_short_side_fits_and_the_long_one_is_padded(width, height, short):
    size = aligned_size((width, height), short)
    aligned = -(-short // 64) * 64
    assert min(size) == aligned and size[0] % 64 == size[1] % 64 == 0
    zoom = min(width, height) / aligned
    long, needed = max(size), max(width, height) / zoom
    # A fraction of a pixel beyond a multiple does not count.
    assert needed - 1 < long < needed + 64


@pytest.mark.parametrize(
    'size, short, expected',
    [
        ((640, 480), 256, (384, 256)),
        ((640, 480), 448, (640, 448)),
        ((480, 640), 448, (448, 640)),
        ((254, 203), 256, (320, 256)),  # exact rounding up would give 384
        ((100, 100), 448, (448, 448)),
    ],
)
def test_sizes(size, short, expected):
    assert aligned_size(size, short) == expected


def test_other_scales_follow_the_smallest():
    assert aligned_size((640, 480), 512, 64, 0.5, 0.5) == (384, 256)
    assert aligned_size((640, 480), 512, 64, 1, 0.5) == (768, 512)
    assert aligned_size((640, 480), 512, 64, 2, 0.5) == (1536, 1024)


@pytest.mark.parametrize('shape', [(48, 64), (61, 45), (33, 33), (7, 300)])
def test_equals_the_authors_preprocessing(shape):
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    tensor, back = reference.preprocess(image, 64)
    resized = resize_align(image, aligned_size(shape[::-1], 64))
    mean, std = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])
    own = (resized.image[..., ::-1].astype(np.float32) / 255 - mean) / std
    np.testing.assert_array_equal(own.transpose(2, 0, 1), tensor[0].numpy())
    points = np.random.default_rng(1).uniform(0, 64, (5, 2))
    np.testing.assert_allclose(
        resized.to_original(points), points @ back[:, :2].T + back[:, 2], atol=1e-3
    )


def test_positions_come_back():
    image = np.zeros((90, 120), dtype=np.uint8)
    cv2.circle(image, (100, 30), 2, 255, -1)
    resized = resize_align(image, aligned_size((120, 90), 192))
    y, x = np.argwhere(resized.image > 200).mean(0)
    np.testing.assert_allclose(resized.to_original(np.array([x, y])), (100, 30), atol=0.6)


@pytest.mark.parametrize('size', [(128, 64), (64, 128), (64, 64)])
@pytest.mark.parametrize('shape', [(48, 64), (64, 48), (33, 33), (7, 300)])
def test_all_of_an_image_fits_into_any_size(shape, size):
    resized = resize_within(np.full(shape, 255, np.uint8), size)
    assert resized.image.shape == size[::-1]
    corners = resized.to_original(np.float32([(0, 0), size]))
    assert (corners[0] <= 1).all() and (corners[1] >= np.array(shape[::-1]) - 1).all()
    assert np.isclose(corners[1] - corners[0], shape[::-1]).any()  # as large as it fits


def test_where_the_aspect_ratio_is_the_sizes_both_resizes_agree():
    image = np.random.default_rng(0).integers(0, 255, (60, 120, 3), dtype=np.uint8)
    one, other = resize_align(image, (128, 64)), resize_within(image, (128, 64))
    np.testing.assert_array_equal(one.image, other.image)
    assert one.zoom == other.zoom


@pytest.mark.parametrize('shape', [(48, 96, 3), (90, 31, 3), (64, 64, 3), (33, 65, 3)])
def test_box_is_where_the_image_is(shape):
    resized = resize_within(np.full(shape, 255, np.uint8), (128, 64))
    left, top, right, bottom = resized.box
    ys, xs = np.nonzero(resized.image[..., 0] > 127)
    assert abs(left - xs.min()) < 1.6 and abs(right - 1 - xs.max()) < 1.6
    assert abs(top - ys.min()) < 1.6 and abs(bottom - 1 - ys.max()) < 1.6
    corners = resized.to_original(np.array([[left, top], [right, bottom]]))
    np.testing.assert_allclose(corners, [[0, 0], shape[1::-1]], atol=1e-3)
    assert resize_align(np.zeros(shape, np.uint8), (128, 64)).box is None


def _warps():
    """Images and matrices: turned or not, of one channel and three, beyond the border."""
    random = np.random.default_rng(0)
    for index in range(24):
        height, width, *size = random.integers(20, 400, 4).tolist()
        image = random.integers(0, 256, (height, width, 3)[: 2 + index % 2], np.uint8)
        turn = np.array([[[1, 0], [0, 1]], [[0.8, -0.6], [0.6, 0.8]]][index // 2 % 2])
        shift = random.uniform(-100, 100, (2, 1))
        yield image, np.hstack([random.uniform(0.3, 3) * turn, shift]), tuple(size)
    # a wide image in a high output: 100,000 pixels beyond the border
    image = random.integers(0, 256, (8, 30000), np.uint8)
    yield image, np.array([[1 / 468, 0, 0], [0, 1 / 468, 224]]), (64, 448)


def _plain_warp(image, matrix, size):
    inverse = cv2.invertAffineTransform(matrix)
    y, x = np.indices(size[::-1])
    along = np.rint(inverse[:, :1, None] * x * 1024)
    across = np.rint((inverse[:, 1:2, None] * y + inverse[:, 2:, None]) * 1024)
    left, top = positions = ((along + across + 16) // 32).astype(int)
    right_share, lower_share = positions % 32
    height, width = image.shape[:2]
    total = np.full((*size[::-1], *image.shape[2:]), 512)
    for lower in (0, 1):
        for right in (0, 1):
            row, column = top // 32 + lower, left // 32 + right
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            share = inside * np.abs(1 - right - right_share / 32) * 32
            share = (share * np.abs(1 - lower - lower_share / 32) * 32).astype(int)
            pixels = image[row.clip(0, height - 1), column.clip(0, width - 1)]
            total += (pixels.T * share.T).T
    return (total // 1024).astype(np.uint8)


def test_the_warp_is_that_of_opencv_4_in_every_opencv():
    for image, matrix, size in _warps():
        warped = warp_affine(image, matrix, size)
        np.testing.assert_array_equal(warped, _plain_warp(image, matrix, size))
        if int(cv2.__version__.partition('.')[0]) < 5:
            np.testing.assert_array_equal(warped, cv2.warpAffine(image, matrix, size))
