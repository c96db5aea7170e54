"""Layers that train with C++ of our own on processors; inference has no use for it."""

from .depthwise import quick_conv2d
from .library import library
from .quicken import quicken

__all__ = ['library', 'quick_conv2d', 'quicken']
