"""Synthetic people with clothes, hair and 3D joints: scenes, videos, and a data set.

``make_scene`` and ``make_video`` only need numpy and OpenCV; ``synthetic_people.dataset``
registers the data set.
"""

from .scene import PersonTruth, Scene, make_scene
from .video import VideoFrame, make_video

__all__ = ['PersonTruth', 'Scene', 'VideoFrame', 'make_scene', 'make_video']
