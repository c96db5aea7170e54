"""Work-arounds for MMDeploy, as ``litepose_mm/compat/`` has them for MMPose."""

import sys

from mmdeploy.core.rewriters import function_rewriter, rewriter_utils


def let_mmdeploy_execute() -> None:
    """Let MMDeploy's rewriters find the names that their statements import and assign.

    Cause: the rewriters call ``exec`` in functions and read the local variables that it assigns,
    which Python 3.13 no longer supports. Retires: when MMDeploy runs on Python 3.13.
    """

    def execute(statement: str) -> None:
        caller = sys._getframe(1)
        names = dict(caller.f_locals)
        exec(statement, caller.f_globals, names)
        caller.f_globals.update({name: names[name] for name in names.keys() - caller.f_locals})

    for module in (function_rewriter, rewriter_utils):
        module.exec = execute
