"""Plain values: what a body consists of, and who was found on an image. numpy only."""

from .pose_result import Person, PoseResult
from .skeleton import Skeleton

__all__ = ['Person', 'PoseResult', 'Skeleton']
