"""An estimator for the tests of the page, and images to send."""

import cv2
import numpy as np
from pose_builders import make_result, make_skeleton

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.base import BaseEstimator


class Estimator(BaseEstimator):
    """Two people, the second weak; it fails on black images."""

    short_side = 600

    def __init__(self):
        super().__init__(make_skeleton(), 1)

    def _prepare(self, image, boxes):
        return image

    def _input_shape(self, prepared):
        return prepared.shape

    def _infer(self, inputs):
        if inputs[0].max() == 0:
            raise LitePoseError('there is not enough memory for 1 input')
        return inputs

    def _finish(self, inputs, outputs, sources):
        height, width = inputs[0].shape[:2]
        return [make_result(people=2, image_size=(width, height), scores=[0.9, 0.05])]


def photo(value=90, size=(64, 48)):
    image = np.full((size[1], size[0], 3), value, np.uint8)
    return cv2.imencode('.png', image)[1].tobytes()
