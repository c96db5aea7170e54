"""``python -m litepose_mm``: the command ``litepose`` where it is not on the path."""

import sys

from .cli import main

sys.exit(main())
