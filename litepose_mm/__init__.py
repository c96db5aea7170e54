"""LitePose and its peers for MMPose. Importing this module is light: no torch.

``import litepose_mm.modules`` registers every component with MMPose.
"""

from importlib import import_module

from .compat.home import provide_home
from .errors import LitePoseError
from .version import __version__

_LAZY = {
    'Cascade': 'litepose_mm.inference.cascade',
    'PoseEstimator': 'litepose_mm.apis',
    'PoseResult': 'litepose_mm.structures',
    'Skeleton': 'litepose_mm.structures',
}

provide_home()

__all__ = ['LitePoseError', '__version__', *_LAZY]


def __getattr__(name: str):
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
