"""Work-arounds for MMDeploy, as ``litepose_mm/compat/`` has them for MMPose."""

import sys

from mmdeploy.core.rewriters import function_rewriter, rewriter_utils
from mmdeploy.pytorch.functions import linear


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


def write_matrix_products() -> None:
    """Let MMDeploy write linear layers for ncnn as matrix products.

    Cause: it writes ``Gemm`` whatever the number of axes, which only its own converter of ncnn
    reads; ONNX and pnnx allow two, and the layers of SimCC have three. Retires: when MMDeploy
    writes valid ONNX there.
    """

    @staticmethod
    def symbolic(g, inputs, weight, bias=None):
        product = g.op('MatMul', inputs, g.op('Transpose', weight, perm_i=(1, 0)))
        return product if bias is None else g.op('Add', product, bias)

    linear.GemmOp.symbolic = symbolic
