"""What the network sees is to the bit what MMPose's pipeline shows it."""

import cv2
import numpy as np
import pytest
from exported import card_of, torch_batch

from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.inference.preprocessing import Normaliser

SIZES = [(96, 64), (61, 45), (45, 61), (33, 33), (7, 100), (640, 427), (1, 1)]


def photo(width, height):
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('size', SIZES)
def test_a_dynamic_model_sees_what_the_torch_path_sees(tiny, size):
    card = card_of(tiny)
    image = photo(*size)
    batch = Normaliser(card)(np.stack([card.resize.resize(image)[0].image] * 2))
    assert batch.dtype == np.float32
    np.testing.assert_array_equal(batch, torch_batch(tiny, [image, image]).numpy())


def test_a_static_model_sees_the_same_where_that_has_its_shape(tiny):
    card = card_of(tiny, input_shape=(64, 128))
    # At 130 the long side is 128.4 pixels, of which the authors drop the fraction.
    for width, height in ((120, 64), (130, 65), (260, 129)):
        image = photo(width, height)
        batch = Normaliser(card)(card.resize.resize(image, card.input_shape)[0].image[None])
        np.testing.assert_array_equal(batch, torch_batch(tiny, [image]).numpy())


@pytest.mark.parametrize('size', [*SIZES, (200, 64)])
def test_a_static_model_sees_all_of_any_image(tiny, size):
    width, height = size
    image = np.full((height, width, 3), 255, np.uint8)
    (resized,) = card_of(tiny).resize.resize(image, (64, 128))
    assert resized.image.shape == (64, 128, 3)
    corners = resized.to_original(np.array([[0, 0], [128, 64]], dtype=np.float32))
    assert (corners[0] <= 1).all() and (corners[1] >= np.array(size) - 1).all()
    # As large as it fits: along one axis nothing is left over but the rounding of the centre.
    assert (corners[1] - corners[0] - size).min() < 0.01


def test_aspect_ratio_and_black_border_on_a_static_model(tiny):
    image = np.full((120, 60, 3), 255, np.uint8)
    cv2.circle(image, (40, 30), 8, (0, 0, 0), -1)
    (resized,) = card_of(tiny).resize.resize(image, (64, 128))
    bright = resized.image[..., 0] > 200
    assert not bright[:, :47].any() and not bright[:, 81:].any() and bright[:, 49:79].any(0).all()
    y, x = np.argwhere(~bright[:, 50:78]).mean(0)
    np.testing.assert_allclose(resized.to_original(np.array([x + 50, y])), (40, 30), atol=1)


def test_channel_order_and_no_normalisation(tiny):
    plain = card_of(tiny, channel_order='bgr', mean=(0, 0, 0), std=(1, 1, 1))
    image = make_scene(SceneOptions((64, 64)), seed=0, index=0).image
    batch = Normaliser(plain)(image[None])
    np.testing.assert_array_equal(batch[0], image.transpose(2, 0, 1).astype(np.float32))
