"""Provide a home for users without one, as in containers.

Cause: openvino_telemetry, matplotlib and yapf (of MMEngine) fail at import if the user's home is
unknown, and torch.compile if the user's name is. Retires: when they no longer need them.
"""

import getpass
import os
from pathlib import Path


def provide_home() -> None:
    """Set HOME and USER if they are unset and the system does not know the user."""
    try:
        Path.home()
    except RuntimeError:
        os.environ['HOME'] = '/nonexistent'  # Debian's placeholder, which cannot be written
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ['USER'] = str(os.getuid())
