"""Backends of MMDeploy 1.3.1 that do not work with current releases, registered in their place.

Each is registered after MMDeploy's own, and under its name, which is what MMDeploy looks up.
"""

from . import ncnn, openvino, tensorrt

__all__ = ['ncnn', 'openvino', 'tensorrt']
