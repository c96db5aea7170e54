"""Pictures to people with an exported model: numpy, OpenCV and one engine, no torch, no MMPose."""

from .card import ModelCard, file_hashes
from .estimator import PoseEstimator

__all__ = ['ModelCard', 'PoseEstimator', 'file_hashes']
