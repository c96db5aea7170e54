"""From an ONNX file to the files of an engine, one module an engine.

A new engine is a module with a :class:`Backend` and its name in :data:`NAMES`.
"""

from __future__ import annotations

from importlib import import_module

from ...errors import LitePoseError
from .base import Backend

__all__ = ['NAMES', 'Backend', 'get_backend']

NAMES = ('onnxruntime', 'openvino', 'ncnn', 'tensorrt')


def get_backend(name: str) -> Backend:
    """The backend of an engine.

    Raises:
        LitePoseError: There is none of this name.
    """
    if name not in NAMES:
        raise LitePoseError(f'engine: expected one of {", ".join(NAMES)}, got {name!r}')
    return import_module(f'.{name}', __name__).BACKEND
