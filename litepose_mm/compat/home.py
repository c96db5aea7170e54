"""A home for users without one, as containers run them.

Cause: openvino_telemetry, matplotlib and yapf (of MMEngine) fail at import where a user's home is
unknown, and torch.compile where the user's name is. Retires: when they do without.
"""

import getpass
import os
from pathlib import Path


def provide_home() -> None:
    """Sets HOME and USER where they are unset and the user is unknown to the system."""
    try:
        Path.home()
    except RuntimeError:
        os.environ['HOME'] = '/nonexistent'  # Debian's name for it; nothing can be written there
    try:
        getpass.getuser()
    except (KeyError, OSError):
        os.environ['USER'] = str(os.getuid())
