"""Tune the kernels of a model for a device, see :mod:`litepose_mm.tvm`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from torch import nn

from ..apis.description import describe
from ..inference.engines import get_engine
from .exporter import export_graph, with_shape

if TYPE_CHECKING:
    from ..tvm.kernels import Kernel
    from ..tvm.targets import Device


def model_kernels(
    model: nn.Module, device: Device, input_shape: Sequence[int] | None = None
) -> list[Kernel]:
    """Return the kernels of a model for a device; its weights do not matter.

    Args:
        model: The result of :func:`litepose_mm.apis.build_model`.
        device: The device.
        input_shape: Height and width; None chooses a square, as the exporter does.

    Raises:
        LitePoseError: The shape does not fit the model, or its graph cannot be exported.
    """
    from ..tvm.kernels import list_kernels, to_kernels
    from ..tvm.onnx_import import import_onnx

    card = with_shape(describe(model, input_shape), get_engine('tvm'))
    with TemporaryDirectory() as scratch:
        graph, _, _ = export_graph(model, Path(scratch), card)
        return list_kernels(to_kernels(import_onnx(graph), device), device)
