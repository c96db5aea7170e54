"""Replacements of MMDeploy 1.3.1's backends that do not work with current releases.

Each is registered after MMDeploy's own backend and under the same name, so that MMDeploy finds it.
"""

from . import ncnn, openvino, tensorrt, tvm

__all__ = ['ncnn', 'openvino', 'tensorrt', 'tvm']
