"""Functions that the tools in this folder share."""

import argparse

from mmengine.config import DictAction

import litepose_mm.modules  # noqa: F401  comes first: it makes MMPose importable
from litepose_mm.compat import ignore_notices
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config

ignore_notices()


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Add ``--cfg-options``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='overrides of the model config',
    )


def read_configs(deploy_cfg: str, model_cfg: str) -> list:
    """Read both configs and register the codebase.

    Raises:
        LitePoseError: A config cannot be read or is of another kind, or MMDeploy is missing.
    """
    import litepose_mm.deploy.mmdeploy  # noqa: F401  raises if MMDeploy is missing

    configs = []
    for path, key in ((deploy_cfg, 'backend_config'), (model_cfg, 'model')):
        config = read_config(path)
        if key not in config:
            raise LitePoseError(
                f'expected the deploy config and then the model config, but {path} has no {key}; '
                'deploy configs are in configs/deploy'
            )
        configs.append(config)
    return configs
