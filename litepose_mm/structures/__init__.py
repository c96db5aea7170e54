"""Value types for skeletons and for the people found on an image. numpy only."""

from .pose_result import Person, PoseResult
from .skeleton import Skeleton

__all__ = ['Person', 'PoseResult', 'Skeleton']
