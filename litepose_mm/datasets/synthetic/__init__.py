"""Synthetic people: scenes with simple figures, drawn on demand, and their ground truth.

Only numpy and OpenCV are needed. ``make_scene(SceneOptions(), seed=0, index=3)`` makes the same
scene on every machine. ``projects/synthetic_people`` has people with clothes, hair and 3D joints.
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
