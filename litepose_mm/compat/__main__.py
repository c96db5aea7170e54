"""``python -m litepose_mm.compat path/to/script.py its arguments``."""

import sys

from . import main

sys.exit(main())
