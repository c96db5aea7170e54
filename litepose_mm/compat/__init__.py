"""Work-arounds that let the OpenMMLab stack run on current torch and numpy; they belong only here.

``apply()`` applies :data:`FIXES`, each only if its cause is present. In a full OpenMMLab
installation, no module is replaced, and nothing is imported that mmpose itself would not import.

MMPose's modules import three packages that bottom-up pose estimation never calls: the compiled
operators of mmcv, torchvision and mmdet. If one is missing, a stand-in replaces it *while these
modules are imported* and is then removed. Afterwards, checks of the installation
(``mmcv_full_available()``, ``is_installed('mmdet')``, ``import torchvision`` in a ``try``) have the
right result, and calling a missing function raises an error that tells what to install.

To run an unmodified script of MMPose with the fixes::

    python -m litepose_mm.compat path/to/script.py its arguments
"""

import os
import runpy
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from ..errors import LitePoseError
from . import missing_modules, patches
from .importing import DEPENDENCIES, StandIn, in_place, require
from .notices import ignore_notices

__all__ = [
    'FIXES',
    'Fix',
    'StandIn',
    'apply',
    'ignore_notices',
    'in_place',
]

# Packages without which MMPose cannot be imported, in the order of import, and their remedies.
_OPENMMLAB = 'pip install --no-deps mmengine==0.10.7 mmcv-lite==2.1.0 mmpose==1.3.2'
_REQUIRED = {
    'torch': 'install the build of PyTorch for your machine (docs/install.md)',
    'cv2': 'pip install opencv-python-headless',
    'simplejpeg': 'pip install simplejpeg',
    'pkg_resources': 'pip install "setuptools<81"',
    'mmengine': _OPENMMLAB,
    'mmcv': _OPENMMLAB,
    'mmpose': _OPENMMLAB,
}
# The modules of MMPose that import the packages that may be missing.
_USERS = ('mmpose.visualization', 'mmpose.models')


_lock = threading.RLock()
_applied: list[str] | None = None


@dataclass(frozen=True)
class Fix:
    """One work-around.

    Attributes:
        name: Name of the fix.
        cause: What goes wrong, and where upstream.
        retires: Condition under which it can be removed.
        needed: Returns whether the cause is present.
        put: Applies the fix; returns stand-ins that are needed while MMPose is imported.
    """

    name: str
    cause: str
    retires: str
    needed: Callable[[], bool]
    put: Callable[[], tuple[StandIn, ...]]


# The order matters, because later fixes need the stand-ins of earlier ones.
FIXES = (
    Fix(
        name='xtcocotools',
        cause='MMPose reads annotations and evaluates with xtcocotools, whose wheels are for numpy '
        '1 and Python 3.11 at most; built for numpy 2, its masks crash',
        retires='when xtcocotools has wheels for numpy 2, or MMPose uses pycocotools',
        needed=missing_modules.no_xtcocotools,
        put=missing_modules.put_xtcocotools,
    ),
    Fix(
        name='mmcv._ext',
        cause='mmpose.models imports mmcv.ops, whose modules load the compiled extension at import;'
        ' mmcv-lite has none, and full mmcv has no wheels for torch 2.5 and later (mmcv #3310)',
        retires='when MMPose imports mmcv.ops only where an operator is used',
        needed=missing_modules.no_mmcv_ext,
        put=missing_modules.put_mmcv_ext,
    ),
    Fix(
        name='torchvision',
        cause='mmpose.visualization imports torchvision for ToPILImage in simcc_vis; a CUDA wheel '
        'beside a CPU torch raises "operator torchvision::nms does not exist"',
        retires='when MMPose does without torchvision or imports it where it is used',
        needed=missing_modules.no_torchvision,
        put=missing_modules.put_torchvision,
    ),
    Fix(
        name='mmdet',
        cause='mmpose.models imports mmdet.utils in rtmo_head',
        retires='when MMPose imports mmdet where it is used',
        needed=missing_modules.no_mmdet,
        put=missing_modules.put_mmdet,
    ),
    Fix(
        name='numpy-scalar-radius',
        cause='the visualizer of MMPose calls int() on an array of one element, which is an error '
        'since numpy 2.4',
        retires='when MMPose passes a number as radius',
        needed=patches.arrays_are_no_scalars,
        put=patches.put_scalar_radius,
    ),
    Fix(
        name='config-prefix',
        cause='MMEngine has a fixed list of packages for prefixes such as mmpose::, and searches '
        'their configs in a folder .mim, which editable installations lack',
        retires='when MMEngine finds the configs of any package',
        needed=lambda: True,
        put=patches.put_config_prefix,
    ),
    Fix(
        name='metainfo-files',
        cause='MMPose searches the metainfo of its data sets in a folder .mim and in the current '
        'folder; an editable installation by PEP 660 has it beside its package',
        retires='when MMPose also searches there',
        needed=lambda: patches.mmpose_configs() is not None,
        put=patches.put_metainfo_files,
    ),
    Fix(
        name='image-decoding',
        cause='mmcv relies on OpenCV for the EXIF orientation, which rotates WebP only from 4.13 '
        'on and AVIF never, and which decodes AVIF and GIF only from 4.12 on',
        retires='when all supported versions of OpenCV rotate and decode all kinds of images',
        needed=lambda: True,
        put=patches.put_image_decoding,
    ),
    Fix(
        name='downloaded-weights',
        cause='MMEngine reads downloaded checkpoints with a function of torch that, unlike '
        'torch.load, runs the code in them by default',
        retires='when MMEngine reads downloaded checkpoints as data, or torch does so by default',
        needed=patches.downloads_run_code,
        put=patches.put_downloads_as_data,
    ),
)


def apply() -> tuple[str, ...]:
    """Make ``mmpose`` importable; ``litepose_mm.modules`` calls this first.

    Returns:
        The names of the fixes whose cause was present. A second call does nothing else.

    Raises:
        LitePoseError: torch, OpenCV or an OpenMMLab package is missing or cannot be imported; the
            message tells what to install.
    """
    global _applied
    with _lock:
        if _applied is None:
            for name, remedy in _REQUIRED.items():
                require(name, remedy)
            _applied = _apply_fixes()
        return tuple(_applied)


def _apply_fixes() -> list[str]:
    done, stand_ins = [], []
    with ExitStack() as stack:
        for fix in FIXES:
            if fix.needed():
                put = fix.put()
                stack.enter_context(in_place(*put))
                stand_ins += put
                done.append(fix.name)
        if stand_ins:  # import the modules that need them now
            for name in _USERS:
                require(name, DEPENDENCIES)
    return done


def main(argv: list[str] | None = None) -> int:
    """Run ``SCRIPT ARGS…`` with the fixes, as ``python SCRIPT ARGS…`` would without them."""
    argv = sys.argv[1:] if argv is None else list(argv)
    if not argv or argv[0] in ('-h', '--help'):
        print('usage: python -m litepose_mm.compat SCRIPT [ARGS ...]')
        return 0 if argv else 2
    script = argv[0]
    try:
        if not os.path.isfile(script):
            raise LitePoseError(f'no such script: {script}')
        apply()
    except LitePoseError as error:
        print(f'litepose_mm.compat: {error}', file=sys.stderr)
        return 2
    sys.argv = argv
    sys.path[0] = os.path.dirname(os.path.abspath(script))  # instead of the folder that -m sets
    runpy.run_path(script, run_name='__main__')
    return 0
