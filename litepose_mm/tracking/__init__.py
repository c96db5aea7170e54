"""Track people through a sequence of results: stable ids and smoothed keypoints, in numpy."""

from .one_euro import OneEuroFilter
from .tracked_cascade import TrackedCascade
from .tracker import PoseTracker

__all__ = ['OneEuroFilter', 'PoseTracker', 'TrackedCascade']
