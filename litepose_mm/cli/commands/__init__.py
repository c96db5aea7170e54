"""The sub-commands, one per module; see :mod:`litepose_mm.cli` for their contents."""
