"""Classification with compact EfficientNets, to pre-train the backbones of EfficientHRNets."""

import litepose_mm.modules  # noqa: F401

from .accuracy import TopKAccuracy
from .classifier import EfficientNetClassifier
from .datasets import CIFAR100, ImageFolders, LoadClassImage
from .transforms import PackClassInputs, RandomAffineCrop

__all__ = [
    'CIFAR100',
    'EfficientNetClassifier',
    'ImageFolders',
    'LoadClassImage',
    'PackClassInputs',
    'RandomAffineCrop',
    'TopKAccuracy',
]
