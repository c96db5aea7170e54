"""The rules that turn images into inputs."""

import numpy as np
import pytest

from litepose_mm.preprocessing.rules import FixedHeight, ResizeRule, ShortSide

RULE = FixedHeight(height=256)


def photo(width, height):
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    'size, width, left, right',
    [
        ((640, 480), 344, 1, 2),  # 341.3
        ((641, 512), 320, 0, 0),  # 320.5 is rounded to even
        ((643, 512), 328, 3, 3),  # 321.5, too
        ((300, 800), 256, 80, 80),
        ((13, 256), 256, 121, 122),
    ],
)
def test_one_height_and_a_grey_border(size, width, left, right):
    (resized,) = RULE.resize(photo(*size))
    assert resized.image.shape == (256, width, 3) and resized.box is None
    inside = resized.image[:, left : width - right]
    assert (resized.image[:, :left] == 128).all() and (
        resized.image[:, width - right :] == 128
    ).all()
    assert not (inside[:, 0] == 128).all() and not (inside[:, -1] == 128).all()
    scale = 256 / size[1]
    found = resized.to_original(np.array([[left, 0], [left + 100 * scale, 30 * scale]], np.float32))
    np.testing.assert_allclose(found, [[0, 0], [100, 30]], atol=1e-3)


def test_a_fixed_shape_gives_the_same_where_it_fits():
    image = photo(640, 480)
    own, fixed = RULE.resize(image)[0], RULE.resize(image, (256, 344))[0]
    np.testing.assert_array_equal(own.image, fixed.image)
    assert fixed.box is None


@pytest.mark.parametrize('size', [(640, 480), (100, 400), (64, 64)])
def test_a_fixed_shape_shows_all_of_an_image(size):
    (resized,) = RULE.resize(np.full((size[1], size[0], 3), 255, np.uint8), (128, 192))
    assert resized.image.shape == (128, 192, 3)
    left, top, right, bottom = resized.box
    assert (resized.image[top:bottom, left:right] == 255).all()
    assert (resized.image == 255).sum() == 3 * (right - left) * (bottom - top)
    corners = resized.to_original(np.array([[left, top], [right, bottom]], np.float32))
    np.testing.assert_allclose(corners, [[0, 0], size], atol=max(size) / 100)


@pytest.mark.parametrize('rule', [RULE, ShortSide(short_side=64, divisor=32)])
def test_there_and_back(rule):
    assert ResizeRule.from_dict(rule.to_dict()) == rule
