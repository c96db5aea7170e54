import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litepose_mm.resize import aligned_size, resize_align, resize_within
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
def test_all_of_a_picture_fits_into_any_size(shape, size):
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
def test_box_is_where_the_picture_is(shape):
    resized = resize_within(np.full(shape, 255, np.uint8), (128, 64))
    left, top, right, bottom = resized.box
    ys, xs = np.nonzero(resized.image[..., 0] > 127)
    assert abs(left - xs.min()) < 1.6 and abs(right - 1 - xs.max()) < 1.6
    assert abs(top - ys.min()) < 1.6 and abs(bottom - 1 - ys.max()) < 1.6
    corners = resized.to_original(np.array([[left, top], [right, bottom]]))
    np.testing.assert_allclose(corners, [[0, 0], shape[1::-1]], atol=1e-3)
    assert resize_align(np.zeros(shape, np.uint8), (128, 64)).box is None
