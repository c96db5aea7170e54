"""Read MMEngine's config files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mmengine.config import Config

from ..errors import LitePoseError, reason


def read_config(path: str | Path, options: Mapping[str, Any] | None = None) -> Config:
    """Reads a config file.

    Args:
        path: The file.
        options: Values that override the config, ``{'model.test_cfg.flip_test': True}``.

    Raises:
        LitePoseError: The file does not exist or cannot be read, or the options do not fit.
    """
    if not Path(path).is_file():
        raise LitePoseError(f"there is no config {path}; this project's configs are in configs/")
    try:
        config = Config.fromfile(str(path))
    except LitePoseError:
        raise
    except Exception as error:  # a config is a program, so any error can occur
        # MMEngine wraps the error of custom_imports in one that lists the whole search path.
        if isinstance(error, ImportError) and isinstance(error.__cause__, Exception):
            error = error.__cause__
        raise LitePoseError(f'cannot read the config {path}: {reason(error)}') from error
    try:
        config.merge_from_dict(dict(options or {}))
    except Exception as error:
        raise LitePoseError(f'cfg_options do not fit the config {path}: {reason(error)}') from error
    return config
