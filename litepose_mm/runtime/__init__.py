"""Images to people with an exported model: numpy, OpenCV and one engine, no torch, no MMPose."""

from ..inference.card import ModelCard, file_hashes
from ..inference.exported import PoseEstimator

__all__ = ['ModelCard', 'PoseEstimator', 'file_hashes']
