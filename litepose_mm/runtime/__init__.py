"""Run exported models with numpy, OpenCV and one engine, without torch and MMPose."""

from ..inference.boxes import boxes_around
from ..inference.card import ModelCard, file_hashes
from ..inference.cascade import Cascade
from ..inference.exported import PoseEstimator

__all__ = ['Cascade', 'ModelCard', 'PoseEstimator', 'boxes_around', 'file_hashes']
