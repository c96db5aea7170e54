"""Small skeletons, results and estimators for tests. No torch."""

import numpy as np

from litepose_mm import LitePoseError
from litepose_mm.structures import PoseResult, Skeleton


def make_skeleton(**changes) -> Skeleton:
    """Three keypoints: a head between two hands."""
    fields = {
        'name': 'mini',
        'keypoint_names': ('head', 'left_hand', 'right_hand'),
        'links': ((0, 1), (0, 2)),
        'flip_indices': (0, 2, 1),
        'sigmas': (0.03, 0.05, 0.05),
        'keypoint_colors': ((51, 153, 255), (0, 255, 0), (255, 128, 0)),
        'link_colors': ((0, 255, 0), (255, 128, 0)),
    }
    return Skeleton(**{**fields, **changes})


def make_result(people=2, image_size=(64, 48), **changes) -> PoseResult:
    """People side by side, the first the strongest; all keypoints lie on the image."""
    skeleton = changes.pop('skeleton', make_skeleton())
    joints = skeleton.num_keypoints
    rng = np.random.default_rng(people)
    fields = {
        'keypoints': rng.uniform((0, 0), np.array(image_size) - 1, (people, joints, 2)),
        'keypoint_scores': np.full((people, joints), 0.75),
        'scores': 1 / (1 + np.arange(people)),
        'tags': rng.normal(size=(people, 2)),
        'source': 'somewhere.jpg',
    }
    return PoseResult(skeleton=skeleton, image_size=image_size, **{**fields, **changes})


class FakeEstimator:
    """Finds two people on every image; refuses images whose first pixel is pure red."""

    def __init__(self, batch_size=1):
        self.batch_size = batch_size
        self.skeleton = make_skeleton()
        self.calls = []  # number of images of each call

    def __call__(self, images, boxes=None):
        self.calls.append(len(images))
        if any((image[0, 0] == (0, 0, 255)).all() for image in images):
            raise LitePoseError('this image begins with red')
        return [
            make_result(image_size=(image.shape[1], image.shape[0]), source=None)
            for image in images
        ]
