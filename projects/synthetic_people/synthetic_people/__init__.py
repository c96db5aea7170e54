"""Synthetic people with clothes, hair and joints in space: scenes, videos, and a data set.

``make_scene`` and ``make_video`` need numpy and OpenCV only; ``synthetic_people.dataset``
registers the data set.
"""

from .scene import PersonTruth, Scene, make_scene
from .video import VideoFrame, make_video

__all__ = ['PersonTruth', 'Scene', 'VideoFrame', 'make_scene', 'make_video']
