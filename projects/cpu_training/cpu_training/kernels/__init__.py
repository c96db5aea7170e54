"""C++ kernels for layers that train on CPUs; inference does not use them."""

from .depthwise import quick_conv2d
from .library import library
from .quicken import quicken

__all__ = ['library', 'quick_conv2d', 'quicken']
