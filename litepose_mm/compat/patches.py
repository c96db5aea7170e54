"""Patches of MMEngine, MMCV and MMPose for current versions of numpy, OpenCV and pip."""

import functools
import importlib.util
import inspect
import sys
import warnings
from pathlib import Path

from ..utils.paths import config_path
from .importing import DEPENDENCIES, StandIn, require

# --- the radius of a circle, which is an array of one element


def arrays_are_no_scalars() -> bool:
    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # deprecated since numpy 1.25, an error since 2.4
        try:
            int(np.ones(1))
        except TypeError:
            return True
    return False


def put_scalar_radius() -> tuple[StandIn, ...]:
    require('mmpose.visualization', DEPENDENCIES)
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


# --- configs that MMEngine and MMPose search only in a folder .mim


def mmpose_configs() -> Path | None:
    """Return the folder of MMPose's configs if it is beside the package, without ``.mim``."""
    package = Path(importlib.util.find_spec('mmpose').origin).parent
    beside = package.parent / 'configs'
    is_source = (beside / '_base_' / 'datasets').is_dir()
    return beside if is_source and not (package / '.mim' / 'configs').is_dir() else None


def put_config_prefix() -> tuple[StandIn, ...]:
    from mmengine.config import Config

    look_up, beside = Config._get_cfg_path, mmpose_configs()

    @functools.wraps(look_up)
    def _get_cfg_path(cfg_path: str, filename: str) -> tuple[str, str | None]:
        package, _, name = cfg_path.partition('::')
        if package == 'litepose_mm':
            return str(config_path(name)), None
        if package == 'mmpose' and beside is not None:
            return str(beside / name), package
        return look_up(cfg_path, filename)

    Config._get_cfg_path = staticmethod(_get_cfg_path)
    return ()


def put_metainfo_files() -> tuple[StandIn, ...]:
    from mmpose.datasets.datasets import utils

    parse, folder = utils.parse_pose_metainfo, mmpose_configs() / '_base_' / 'datasets'

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


# --- images whose rotation depends on the version of OpenCV


def put_image_decoding() -> tuple[StandIn, ...]:
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


# --- downloaded checkpoints, which may hold code


def downloads_run_code() -> bool:
    from torch.hub import load_state_dict_from_url

    return not inspect.signature(load_state_dict_from_url).parameters['weights_only'].default


def put_downloads_as_data() -> tuple[StandIn, ...]:
    from mmengine.runner import checkpoint

    checkpoint.load_url = functools.partial(checkpoint.load_url, weights_only=True)
    return ()
