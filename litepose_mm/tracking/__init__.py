"""Track people through a sequence of results: stable ids and smoothed keypoints, in numpy."""

from .one_euro import OneEuroFilter
from .tracker import PoseTracker

__all__ = ['OneEuroFilter', 'PoseTracker']
