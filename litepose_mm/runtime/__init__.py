"""Run exported models with numpy, OpenCV and one engine, without torch and MMPose."""

from ..inference.card import ModelCard, file_hashes
from ..inference.exported import PoseEstimator

__all__ = ['ModelCard', 'PoseEstimator', 'file_hashes']
