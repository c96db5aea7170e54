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

import functools
import importlib
import importlib.util
import os
import runpy
import sys
import threading
import traceback
import warnings
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from multiprocessing import synchronize
from pathlib import Path
from types import ModuleType

from ..errors import LitePoseError
from ..utils.paths import config_path

# What MMPose cannot be imported without, in the order of import, and how to get it.
_OPENMMLAB = 'pip install --no-deps mmengine==0.10.7 mmcv-lite==2.1.0 mmpose==1.3.2'
_DEPENDENCIES = 'pip install "litepose_mm[mmpose]"'
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

# What MMEngine and MMPose say of themselves, about which a user can do nothing.
_NOTICES = (
    'pkg_resources is deprecated',
    "'pkgutil.find_loader' is deprecated",
    'The metainfo config file .* does not exist',
)

_lock = threading.RLock()
_applied: list[str] | None = None


class StandIn(ModuleType):
    """A module in place of one that is missing; ``use`` says what to install.

    Args:
        name: the name of the module.
        use: one line, raised as :class:`LitePoseError` when something of it is called.
        callables: the names that exist; None for any name.
    """

    def __init__(self, name: str, use: str, callables: tuple[str, ...] | None = ()):
        super().__init__(name, doc=f'Stand-in for {name}: {use}')
        self.__spec__ = ModuleSpec(name, loader=None)  # find_loader() of it is None: not installed
        self._use = use
        self._callables = callables

    def __getattr__(self, name: str):
        dunder = name.startswith('__')
        if dunder or (self._callables is not None and name not in self._callables):
            raise AttributeError(f'{self.__name__}.{name}: {self._use}')
        message = f'{self.__name__}.{name} was called; {self._use}'

        def missing(*args, **kwargs):
            raise LitePoseError(message)

        missing.__name__ = missing.__qualname__ = name
        return missing


@contextmanager
def in_place(*modules: ModuleType):
    """``modules`` in ``sys.modules`` for the time of the block, and what was there before after."""
    names = [module.__name__ for module in modules]
    before = {name: sys.modules[name] for name in names if name in sys.modules}
    sys.modules.update({module.__name__: module for module in modules})
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def ignore_notices() -> None:
    """Adds filters for warnings about which a user can do nothing."""
    for message in _NOTICES:
        warnings.filterwarnings('ignore', message=message)


def _import_error(name: str) -> Exception | None:
    """What importing ``name`` raises; None where it works."""
    with warnings.catch_warnings():
        ignore_notices()
        try:
            importlib.import_module(name)
        except Exception as error:
            return error
    return None


def _is_missing(name: str, error: Exception) -> bool:
    """Whether ``error`` says that the package of ``name`` is not installed at all."""
    package = name.partition('.')[0]
    return isinstance(error, ModuleNotFoundError) and error.name == package


def _block(name: str, error: Exception) -> None:
    """Makes a package that is installed but broken count as not installed, and says so."""
    package = name.partition('.')[0]
    for loaded in [key for key in sys.modules if key.partition('.')[0] == package]:
        del sys.modules[loaded]
    sys.modules[package] = None  # `import` then raises ModuleNotFoundError
    reason = ' '.join(str(error).split())
    warnings.warn(
        f'{package} is installed but cannot be imported, so it is treated as absent '
        f'({type(error).__name__}: {reason})'
    )


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


# --- mmcv without its compiled operators


def _no_mmcv_ext() -> bool:
    return 'mmcv._ext' not in sys.modules and importlib.util.find_spec('mmcv._ext') is None


def _put_mmcv_ext() -> tuple[StandIn, ...]:
    use = (
        'the compiled operators of mmcv are not installed: install the full `mmcv` in place of '
        'mmcv-lite (docs/install.md)'
    )
    return (StandIn('mmcv._ext', use, callables=None),)


# --- torchvision, absent or not fitting torch


def _no_torchvision() -> bool:
    error = _import_error('torchvision')
    if error is not None and not _is_missing('torchvision', error):
        _block('torchvision', error)
    return error is not None


def _put_torchvision() -> tuple[StandIn, ...]:
    use = 'torchvision is not installed: install the torchvision that belongs to your torch'
    package = StandIn('torchvision', use)
    package.transforms = StandIn('torchvision.transforms', use, callables=('ToPILImage',))
    package.__version__ = '0.0.0'
    return package, package.transforms


# --- mmdet, absent or not fitting mmcv


def _no_mmdet() -> bool:
    error = _import_error('mmdet.utils')
    if error is not None and not _is_missing('mmdet', error):
        _block('mmdet', error)
    return error is not None


def _put_mmdet() -> tuple[StandIn, ...]:
    from mmpose.utils.typing import ConfigType

    use = 'mmdet is not installed: pip install "mmdet>=3.0.0,<3.4.0"'
    package = StandIn('mmdet', use)
    package.utils = StandIn('mmdet.utils', use, callables=('reduce_mean',))
    package.utils.ConfigType = ConfigType  # an annotation of rtmo_head
    return package, package.utils


# --- a circle's radius given as an array of one element


def _arrays_are_no_scalars() -> bool:
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # deprecated since numpy 1.25, an error since 2.4
        try:
            int(np.ones(1))
        except TypeError:
            return True
    return False


def _put_scalar_radius() -> tuple[StandIn, ...]:
    _require('mmpose.visualization', _DEPENDENCIES)
    import numpy as np
    from mmpose.visualization.opencv_backend_visualizer import OpencvBackendVisualizer

    drawn = OpencvBackendVisualizer.draw_circles

    @functools.wraps(drawn)
    def draw_circles(self, center, radius, *args, **kwargs):
        if self.backend == 'opencv':
            radius = np.asarray(radius).item()
        return drawn(self, center, radius, *args, **kwargs)

    OpencvBackendVisualizer.draw_circles = draw_circles
    return ()


# --- configs that MMEngine and MMPose look for in a folder .mim only


def _mmpose_configs() -> Path | None:
    """MMPose's configs where they lie beside its package, which has no ``.mim``."""
    package = Path(importlib.util.find_spec('mmpose').origin).parent
    beside = package.parent / 'configs'
    is_source = (beside / '_base_' / 'datasets').is_dir()
    return beside if is_source and not (package / '.mim' / 'configs').is_dir() else None


def _put_config_prefix() -> tuple[StandIn, ...]:
    from mmengine.config import Config

    look_up, mmpose_configs = Config._get_cfg_path, _mmpose_configs()

    @functools.wraps(look_up)
    def _get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        package, _, name = cfg_path.partition('::')
        if package == 'litepose_mm':
            return str(config_path(name)), None
        if package == 'mmpose' and mmpose_configs is not None:
            return str(mmpose_configs / name), package
        return look_up(cfg_path, filename)

    Config._get_cfg_path = staticmethod(_get_cfg_path)
    return ()


def _put_metainfo_files() -> tuple[StandIn, ...]:
    from mmpose.datasets.datasets import utils

    parse, folder = utils.parse_pose_metainfo, _mmpose_configs() / '_base_' / 'datasets'

    @functools.wraps(parse)
    def parse_pose_metainfo(metainfo: dict) -> dict:
        file = Path(metainfo.get('from_file', ''))
        if not file.is_file() and (folder / file.name).is_file():
            metainfo = dict(metainfo, from_file=str(folder / file.name))
        return parse(metainfo)

    for name, module in list(sys.modules.items()):
        own = name.partition('.')[0] == 'mmpose' and vars(module).get('parse_pose_metainfo')
        if own is parse:
            module.parse_pose_metainfo = parse_pose_metainfo
    return ()


# --- images that are turned or not by the version of OpenCV


def _put_image_decoding() -> tuple[StandIn, ...]:
    import mmcv

    from ..media import decode_image

    decode = mmcv.imfrombytes

    @functools.wraps(decode)
    def imfrombytes(content, flag='color', channel_order='bgr', backend=None):
        if (flag, channel_order, backend or mmcv.image.io.imread_backend) != (
            'color',
            'bgr',
            'cv2',
        ):
            return decode(content, flag, channel_order, backend)
        return decode_image(content, 'the image')

    mmcv.imfrombytes = mmcv.image.imfrombytes = mmcv.image.io.imfrombytes = imfrombytes
    return ()


# --- xtcocotools without a build that works


def _no_xtcocotools() -> bool:
    import numpy as np

    # not imported beside numpy 2, for which it prints a page of warnings, or crashes later
    has_numpy_2 = int(np.__version__.partition('.')[0]) >= 2
    return has_numpy_2 or _import_error('xtcocotools.mask') is not None


def _put_xtcocotools() -> tuple[StandIn, ...]:
    _require('pycocotools.mask', 'pip install pycocotools')
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
    # It stays, unlike the stand-ins: it does what it stands for.
    sys.modules['xtcocotools'] = package
    sys.modules.update({f'xtcocotools.{name}': module for name, module in modules.items()})
    return ()


# The order matters: later ones find the stand-ins of earlier ones in place.
FIXES = (
    Fix(
        name='xtcocotools',
        cause='MMPose reads annotations and evaluates with xtcocotools, whose wheels are for numpy '
        '1 and Python 3.11 at most; built for numpy 2, its masks crash',
        retires='when xtcocotools has wheels for numpy 2, or MMPose uses pycocotools',
        needed=_no_xtcocotools,
        put=_put_xtcocotools,
    ),
    Fix(
        name='mmcv._ext',
        cause='mmpose.models imports mmcv.ops, whose modules load the compiled extension at import;'
        ' mmcv-lite has none, and full mmcv has no wheels for torch 2.5 and later (mmcv #3310)',
        retires='when MMPose imports mmcv.ops only where an operator is used',
        needed=_no_mmcv_ext,
        put=_put_mmcv_ext,
    ),
    Fix(
        name='torchvision',
        cause='mmpose.visualization imports torchvision for ToPILImage in simcc_vis; a CUDA wheel '
        'beside a CPU torch raises "operator torchvision::nms does not exist"',
        retires='when MMPose does without torchvision or imports it where it is used',
        needed=_no_torchvision,
        put=_put_torchvision,
    ),
    Fix(
        name='mmdet',
        cause='mmpose.models imports mmdet.utils in rtmo_head',
        retires='when MMPose imports mmdet where it is used',
        needed=_no_mmdet,
        put=_put_mmdet,
    ),
    Fix(
        name='numpy-scalar-radius',
        cause='the visualizer of MMPose takes int() of an array of one element, which numpy 2.4 '
        'made an error',
        retires='when MMPose passes a number as radius',
        needed=_arrays_are_no_scalars,
        put=_put_scalar_radius,
    ),
    Fix(
        name='config-prefix',
        cause='MMEngine has a fixed list of the packages that a config may name as in mmpose::, '
        'and looks for their configs in a folder .mim, which no editable installation has',
        retires='when MMEngine finds the configs of any package',
        needed=lambda: True,
        put=_put_config_prefix,
    ),
    Fix(
        name='metainfo-files',
        cause='MMPose looks for the metainfo of its data sets in a folder .mim and in the current '
        'folder; an editable installation by PEP 660 has them beside its package',
        retires='when MMPose looks there too',
        needed=lambda: _mmpose_configs() is not None,
        put=_put_metainfo_files,
    ),
    Fix(
        name='image-decoding',
        cause='mmcv leaves the EXIF orientation to OpenCV, which turns WebP only from 4.13 on and '
        'AVIF never, and decodes AVIF and GIF only from 4.12 on',
        retires='when every OpenCV that is supported turns and decodes all kinds of images',
        needed=lambda: True,
        put=_put_image_decoding,
    ),
)


@contextmanager
def shared_memory_told():
    """Says in one line that the workers of a data loader have too little shared memory.

    Cause: a worker drops a batch that it cannot send, and DataLoader waits for it without end.
    Containers have no ``/dev/shm``, or one of 64 MB. Retires: when DataLoader raises then.

    Raises:
        LitePoseError: They have.
    """
    from multiprocessing import queues

    from torch.utils.data import dataloader, get_worker_info

    drop = queues.Queue._on_queue_feeder_error

    def end(error: Exception, item: object) -> None:
        if get_worker_info() is None:
            drop(error, item)
        else:
            os._exit(1)  # which DataLoader notices

    queues.Queue._on_queue_feeder_error = staticmethod(end)
    try:
        yield
    except (OSError, RuntimeError) as error:
        if not _is_about_shared_memory(error):
            raise
        dataloader._MultiProcessingDataLoaderIter._shutdown = True  # or its end complains, too
        raise LitePoseError(
            'the workers that load data have too little shared memory (/dev/shm); give it more '
            '(docker run --shm-size 8g), or load without them: num_workers=0 and '
            'persistent_workers=False of the data loader'
        ) from error
    finally:
        queues.Queue._on_queue_feeder_error = staticmethod(drop)


def _is_about_shared_memory(error: Exception) -> bool:
    text = str(error)
    if isinstance(error, OSError):  # of a lock, which lies in shared memory
        frames = traceback.extract_tb(error.__traceback__)
        return any(frame.filename == synchronize.__file__ for frame in frames)
    return 'shared memory' in text or ('DataLoader worker' in text and 'exited unexpe' in text)


def _require(name: str, remedy: str) -> None:
    """Imports ``name``, or raises one line that says how to get it."""
    error = _import_error(name)
    if error is None:
        return
    if _is_missing(name, error):
        raise LitePoseError(f'{name} is not installed: {remedy}') from error
    if isinstance(error, ModuleNotFoundError):  # something it needs is missing
        remedy = _DEPENDENCIES
    reason = ' '.join(str(error).split())
    raise LitePoseError(
        f'{name} cannot be imported ({type(error).__name__}: {reason}): {remedy}'
    ) from error


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
                _require(name, remedy)
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
                _require(name, _DEPENDENCIES)
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
