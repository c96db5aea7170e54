"""Stand-ins for modules that MMPose imports but bottom-up pose estimation never calls."""

import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType

from .importing import StandIn, block, import_error, is_missing, require

# --- mmcv without its compiled operators


def no_mmcv_ext() -> bool:
    return 'mmcv._ext' not in sys.modules and importlib.util.find_spec('mmcv._ext') is None


def put_mmcv_ext() -> tuple[StandIn, ...]:
    use = (
        'the compiled operators of mmcv are not installed: install the full `mmcv` instead of '
        'mmcv-lite (docs/install.md)'
    )
    return (StandIn('mmcv._ext', use, callables=None),)


# --- torchvision, which is missing or does not fit torch


def no_torchvision() -> bool:
    error = import_error('torchvision')
    if error is not None and not is_missing('torchvision', error):
        block('torchvision', error)
    return error is not None


def put_torchvision() -> tuple[StandIn, ...]:
    use = 'torchvision is not installed: install the version of torchvision for your torch'
    package = StandIn('torchvision', use)
    package.transforms = StandIn('torchvision.transforms', use, callables=('ToPILImage',))
    package.__version__ = '0.0.0'
    return package, package.transforms


# --- mmdet, which is missing or does not fit mmcv


def no_mmdet() -> bool:
    error = import_error('mmdet.utils')
    if error is not None and not is_missing('mmdet', error):
        block('mmdet', error)
    return error is not None


def put_mmdet() -> tuple[StandIn, ...]:
    from mmpose.utils.typing import ConfigType

    use = 'mmdet is not installed: pip install "mmdet>=3.0.0,<3.4.0"'
    package = StandIn('mmdet', use)
    package.utils = StandIn('mmdet.utils', use, callables=('reduce_mean',))
    package.utils.ConfigType = ConfigType  # a type hint of rtmo_head
    return package, package.utils


# --- xtcocotools, which has no working build


def no_xtcocotools() -> bool:
    import numpy as np

    # It is not imported with numpy 2, with which it prints many warnings or crashes later.
    has_numpy_2 = int(np.__version__.partition('.')[0]) >= 2
    return has_numpy_2 or import_error('xtcocotools.mask') is not None


def put_xtcocotools() -> tuple[StandIn, ...]:
    require('pycocotools.mask', 'pip install pycocotools')
    import pycocotools.mask

    from . import xtcocotools as compat_xtcocotools

    modules = {
        'coco': compat_xtcocotools,
        'cocoeval': compat_xtcocotools,
        'mask': pycocotools.mask,
    }
    package = ModuleType('xtcocotools', 'pycocotools, by litepose_mm.compat')
    package.__spec__ = ModuleSpec('xtcocotools', loader=None)
    package.__dict__.update(modules)
    # It is not removed like the stand-ins, because it is a full replacement.
    sys.modules['xtcocotools'] = package
    sys.modules.update({f'xtcocotools.{name}': module for name, module in modules.items()})
    return ()
