"""What the OpenMMLab stack needs on current torch and numpy; the only place for work-arounds.

``apply()`` goes through :data:`FIXES`. Each applies only where its cause is present, so in a full
OpenMMLab installation no module is replaced and nothing more is imported than mmpose itself would.

MMPose's modules import three packages at the top that bottom-up pose estimation never calls: the
compiled operators of mmcv, torchvision and mmdet. Where one is missing, a stand-in takes its place
*while those modules are imported* and is removed again. So afterwards every question about the
installation (``mmcv_full_available()``, ``is_installed('mmdet')``, ``import torchvision`` in a
``try``) is answered truthfully, and a use of what is missing says in one line what to install.

An unmodified script of MMPose runs with the fixes in place by::

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
from .shared_memory import shared_memory_told

__all__ = [
    'FIXES',
    'Fix',
    'StandIn',
    'apply',
    'ignore_notices',
    'in_place',
    'shared_memory_told',
]

# What MMPose cannot be imported without, in the order of import, and how to get it.
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
# The modules of MMPose that import what may be missing; everything else imports these.
_USERS = ('mmpose.visualization', 'mmpose.models')


_lock = threading.RLock()
_applied: list[str] | None = None


@dataclass(frozen=True)
class Fix:
    """One work-around.

    Attributes:
        name: what it is about.
        cause: what goes wrong, and where upstream.
        retires: when it can be removed.
        needed: whether the cause is present here.
        put: does it; returns the stand-ins to hold while the modules of MMPose are imported.
    """

    name: str
    cause: str
    retires: str
    needed: Callable[[], bool]
    put: Callable[[], tuple[StandIn, ...]]


# The order matters: later ones find the stand-ins of earlier ones in place.
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
        cause='the visualizer of MMPose takes int() of an array of one element, which numpy 2.4 '
        'made an error',
        retires='when MMPose passes a number as radius',
        needed=patches.arrays_are_no_scalars,
        put=patches.put_scalar_radius,
    ),
    Fix(
        name='config-prefix',
        cause='MMEngine has a fixed list of the packages that a config may name as in mmpose::, '
        'and looks for their configs in a folder .mim, which no editable installation has',
        retires='when MMEngine finds the configs of any package',
        needed=lambda: True,
        put=patches.put_config_prefix,
    ),
    Fix(
        name='metainfo-files',
        cause='MMPose looks for the metainfo of its data sets in a folder .mim and in the current '
        'folder; an editable installation by PEP 660 has them beside its package',
        retires='when MMPose looks there too',
        needed=lambda: patches.mmpose_configs() is not None,
        put=patches.put_metainfo_files,
    ),
    Fix(
        name='image-decoding',
        cause='mmcv leaves the EXIF orientation to OpenCV, which turns WebP only from 4.13 on and '
        'AVIF never, and decodes AVIF and GIF only from 4.12 on',
        retires='when every OpenCV that is supported turns and decodes all kinds of images',
        needed=lambda: True,
        put=patches.put_image_decoding,
    ),
)


def apply() -> tuple[str, ...]:
    """Makes ``mmpose`` importable here; called first by ``litepose_mm.modules``.

    Returns:
        The names of the fixes whose cause was present. A second call does nothing.

    Raises:
        LitePoseError: if torch, OpenCV or an OpenMMLab package is missing or does not import; one
            line with what to install.
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
        if stand_ins:  # import what needs them while they are there
            for name in _USERS:
                require(name, DEPENDENCIES)
    return done


def main(argv: list[str] | None = None) -> int:
    """Runs a script with the fixes in place: ``SCRIPT ARGS…``, as ``python SCRIPT ARGS…`` would."""
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
    sys.path[0] = os.path.dirname(os.path.abspath(script))  # in place of what -m has put there
    runpy.run_path(script, run_name='__main__')
    return 0
