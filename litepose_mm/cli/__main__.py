"""``python -m litepose_mm.cli`` runs the command if it is not on the path."""

import sys

from . import main

sys.exit(main())
