"""A codebase of MMDeploy for bottom-up models, which is registered by import.

The deploy configs in ``configs/deploy`` import it; no other part of the package needs MMDeploy.
"""

import litepose_mm.modules  # noqa: F401  comes first: it makes MMPose importable

from ...errors import LitePoseError, reason

try:
    import mmdeploy.apis  # noqa: F401
except ImportError as error:
    raise LitePoseError(
        f'mmdeploy cannot be imported ({reason(error)}); install it with `make mmdeploy`, or with '
        '`pip install aenum dill grpcio multiprocess onnx prettytable six terminaltables` and then '
        '`pip install --no-deps mmdeploy==1.3.1`'
    ) from error

from . import backends, resize, rewriters
from .backend_model import BottomupBackendModel
from .codebase import LitePoseCodebase
from .compat import let_mmdeploy_execute, write_matrix_products
from .task import BottomupPoseDetection
from .torch2onnx import torch2onnx

__all__ = [
    'BottomupBackendModel',
    'BottomupPoseDetection',
    'LitePoseCodebase',
    'backends',
    'resize',
    'rewriters',
    'torch2onnx',
]

let_mmdeploy_execute()
write_matrix_products()
