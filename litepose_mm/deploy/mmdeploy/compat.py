"""What MMDeploy lacks on today's systems, as ``litepose_mm/compat/`` is for MMPose."""

import sys

from mmdeploy.core.rewriters import function_rewriter, rewriter_utils


def let_mmdeploy_execute() -> None:
    """Lets MMDeploy's rewriters find what their statements import and assign.

    Cause: they run ``exec`` in functions and count on names that it leaves there, which functions
    of Python 3.13 and later do not keep. Retires: when MMDeploy runs on Python 3.13.
    """

    def execute(statement: str) -> None:
        caller = sys._getframe(1)
        names = dict(caller.f_locals)
        exec(statement, caller.f_globals, names)
        caller.f_globals.update({name: names[name] for name in names.keys() - caller.f_locals})

    for module in (function_rewriter, rewriter_utils):
        module.exec = execute
