"""Synthetic people: scenes with simple figures, drawn on the fly, and their truth.

numpy and OpenCV only. ``make_scene(SceneOptions(), seed=0, index=3)`` is the same scene everywhere.
``projects/synthetic_people`` has people with clothes, hair and joints in space.
"""

from .annotations import person_annotations
from .keypoint_sets import KEYPOINTS, select_keypoints
from .options import SceneOptions
from .scene import PersonTruth, Scene, make_scene

__all__ = [
    'KEYPOINTS',
    'PersonTruth',
    'Scene',
    'SceneOptions',
    'make_scene',
    'person_annotations',
    'select_keypoints',
]
