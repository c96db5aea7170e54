"""People followed through a sequence of results: stable ids and smooth keypoints, in numpy."""

from .one_euro import OneEuroFilter
from .tracker import PoseTracker

__all__ = ['OneEuroFilter', 'PoseTracker']
