"""What the tools here share: MMDeploy is optional, and bad input is one line."""

import argparse

from mmengine.config import DictAction

import litepose_mm.modules  # noqa: F401  comes first: it makes MMPose importable
from litepose_mm.compat import ignore_notices
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config

ignore_notices()


def add_cfg_options(parser: argparse.ArgumentParser) -> None:
    """Adds ``--cfg-options``."""
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        default={},
        metavar='KEY=VALUE',
        help='entries of the model config to change',
    )


def read_configs(deploy_cfg: str, model_cfg: str) -> list:
    """Reads both configs; that of the deployment registers the codebase.

    Raises:
        LitePoseError: One cannot be read, MMDeploy is missing, or the first is no deploy config.
    """
    import litepose_mm.deploy.mmdeploy  # noqa: F401  says what to install

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
