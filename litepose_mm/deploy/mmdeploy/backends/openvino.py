"""OpenVINO: MMDeploy uses the Model Optimizer and an API that releases since 2024 lack."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any

import mmdeploy.backend.openvino  # noqa: F401  registers its manager first
from mmdeploy.backend.base import BACKEND_MANAGERS, BaseWrapper
from mmdeploy.backend.openvino.backend_manager import OpenVINOManager
from mmdeploy.backend.openvino.wrapper import OpenVINOWrapper
from torch import Tensor, from_numpy

from ....errors import LitePoseError
from ..options import get_precision
from .conversion import convert


class _Session:
    """A compiled model with the one method that MMDeploy's timed function calls."""

    def __init__(self, file: str, precision: str):
        from ....inference.engines.openvino import compile_options, cpu_core

        self._model = cpu_core().compile_model(file, 'CPU', compile_options(precision))

    def infer(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        found = self._model({name: tensor.numpy() for name, tensor in inputs.items()})
        return {port.get_any_name(): from_numpy(value.copy()) for port, value in found.items()}


class CurrentOpenVINOWrapper(OpenVINOWrapper):
    """MMDeploy's wrapper, whose timing its profiler reads, with OpenVINO's current API.

    Args:
        file: The ``.xml`` file.
        output_names: Outputs in order.
        precision: Precision of computation: ``'fp32'``, ``'fp16'`` or ``'bf16'``.
    """

    def __init__(self, file: str, output_names: Sequence[str] | None, precision: str):
        BaseWrapper.__init__(self, output_names)
        self.sess = _Session(file, precision)

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        return self._OpenVINOWrapper__openvino_execute(inputs)


@BACKEND_MANAGERS.register('openvino')
class CurrentOpenVINOManager(OpenVINOManager):
    """Converts and runs with OpenVINO's current API."""

    @classmethod
    def build_wrapper(
        cls,
        backend_files: Sequence[str],
        device: str = 'cpu',
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        deploy_cfg: Any = None,
        **kwargs: Any,
    ) -> CurrentOpenVINOWrapper:
        if importlib.util.find_spec('openvino') is None:
            raise LitePoseError('OpenVINO is not installed: pip install "litepose_mm[openvino]"')
        return CurrentOpenVINOWrapper(backend_files[0], output_names, get_precision(deploy_cfg))

    @classmethod
    def to_backend(
        cls, ir_files: Sequence[str], work_dir: str, deploy_cfg: Any, **kwargs: Any
    ) -> list[str]:
        precision = get_precision(deploy_cfg)
        return [
            convert('openvino', file, work_dir, precision, ('.xml', '.bin'))[0] for file in ir_files
        ]
