"""Crops of people are MMPose's, to the pixel."""

import cv2
import numpy as np
import pytest
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from topdown_models import BOXES, IMAGE

from litepose_mm.preprocessing.rules import PersonBox, ResizeRule

SHAPE = (128, 96)


@pytest.mark.skipif(
    int(cv2.__version__.partition('.')[0]) > 4,
    reason="MMPose's warp of OpenCV 5 interpolates between other positions, see resize.py",
)
@pytest.mark.parametrize('udp', [False, True])
def test_crops_are_mmposes(udp):
    rule = PersonBox(padding=1.25, udp=udp)
    assert rule == ResizeRule.from_dict(rule.to_dict())
    crops = rule.resize(IMAGE, SHAPE, BOXES)
    affine = TopdownAffine(input_size=SHAPE[::-1], use_udp=udp)
    for box, crop in zip(BOXES, crops, strict=True):
        expected = affine(GetBBoxCenterScale(padding=1.25)({'img': IMAGE, 'bbox': box[None]}))
        # The last bits of the matrix decide on a 32nd of a pixel, and thus on a grey level or two.
        apart = np.abs(crop.image.astype(int) - expected['img'])
        assert (apart > 0).mean() < 1e-3 and apart.max() <= 8
        corner = expected['input_center'] + expected['input_scale'] / 2
        np.testing.assert_allclose(crop.to_original(np.array(SHAPE[::-1])), corner, atol=1e-3)


def test_the_whole_image_is_the_default():
    rule = PersonBox(padding=1.0)
    (one,), (other,) = rule.resize(IMAGE, SHAPE), rule.resize(IMAGE, SHAPE, BOXES[2:])
    np.testing.assert_array_equal(one.image, other.image)
