"""One module a sub-command; see :mod:`litepose_mm.cli` for what it holds."""
