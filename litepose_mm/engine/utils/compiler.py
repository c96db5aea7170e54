"""Whether torch's compiler can work on this machine."""

from __future__ import annotations

import logging
import os
import shutil

from mmengine.device import get_device


def has_compiler(logger: logging.Logger, what: str) -> bool:
    """Whether code for the device can be compiled; warns where not.

    Args:
        logger: Where to warn.
        what: What stays slower without it.
    """
    if get_device() != 'cpu':  # Triton comes with torch
        return True
    compiler = os.environ.get('CXX', 'g++')  # what torch's compiler takes on Linux
    if shutil.which(compiler):
        return True
    logger.warning(
        f'{what}: no C++ compiler ({compiler}), so training is slower; install one or set CXX'
    )
    return False
