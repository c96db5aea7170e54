"""Synthetic people: scenes with articulated figures, drawn on the fly, and their truth.

numpy and OpenCV only. ``make_scene(SceneOptions(), seed=0, index=3)`` is the same scene everywhere.
"""

from .anatomy import KEYPOINTS
from .annotations import person_annotations
from .keypoint_sets import select_keypoints
from .layout import SceneOptions
from .scene import PersonTruth, Scene, make_scene
from .video import VideoFrame, make_video

__all__ = [
    'KEYPOINTS',
    'PersonTruth',
    'Scene',
    'SceneOptions',
    'VideoFrame',
    'make_scene',
    'make_video',
    'person_annotations',
    'select_keypoints',
]
