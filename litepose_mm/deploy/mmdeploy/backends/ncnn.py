"""ncnn: convert with pnnx, because MMDeploy's wheel lacks the program of its own converter."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import mmdeploy.backend.ncnn  # noqa: F401  registers its manager first
from mmdeploy.backend.base import BACKEND_MANAGERS, BaseWrapper
from mmdeploy.backend.ncnn.backend_manager import NCNNManager
from mmdeploy.utils import get_ir_config

from ....errors import LitePoseError
from ..options import get_precision
from .conversion import convert


@BACKEND_MANAGERS.register('ncnn')
class PnnxManager(NCNNManager):
    """Converts with pnnx, and runs MMDeploy's wrapper in the precision of the deploy config."""

    @classmethod
    def is_available(cls, with_custom_ops: bool = False) -> bool:
        """Return whether ncnn and pnnx are installed; there are no custom operators."""
        return not with_custom_ops and all(map(importlib.util.find_spec, ('ncnn', 'pnnx')))

    @classmethod
    def build_wrapper(
        cls,
        backend_files: Sequence[str],
        device: str = 'cpu',
        input_names: Sequence[str] | None = None,
        output_names: Sequence[str] | None = None,
        deploy_cfg: Any = None,
        **kwargs: Any,
    ) -> BaseWrapper:
        if importlib.util.find_spec('ncnn') is None:
            raise LitePoseError('ncnn is not installed: pip install "litepose_mm[ncnn]"')
        import ncnn
        from mmdeploy.backend.ncnn.wrapper import NCNNWrapper

        from ....inference.engines.ncnn import set_precision

        class Wrapper(NCNNWrapper):
            """MMDeploy's wrapper with a precision; ncnn's default is not float32."""

            def __init__(self, param: str, weights: str):
                BaseWrapper.__init__(self, output_names)
                self._net = ncnn.Net()
                set_precision(self._net, get_precision(deploy_cfg))
                if self._net.load_param(param) or self._net.load_model(weights):
                    raise LitePoseError(
                        f'ncnn cannot load {param}: it is damaged, or has layers that this version '
                        'of ncnn lacks; export it again'
                    )

        return Wrapper(*backend_files)

    @classmethod
    def to_backend(
        cls, ir_files: Sequence[str], work_dir: str, deploy_cfg: Any, **kwargs: Any
    ) -> list[str]:
        ir_config, files = get_ir_config(deploy_cfg), []
        precision = get_precision(deploy_cfg)
        names = {'in0': ir_config.input_names[0]}
        names.update((f'out{i}', name) for i, name in enumerate(ir_config.output_names))
        for file in ir_files:
            converted = convert('ncnn', file, work_dir, precision, ('.param', '.bin'))
            _rename_blobs(Path(converted[0]), names)
            files += converted
        return files


def _rename_blobs(param: Path, names: dict[str, str]) -> None:
    """Give pnnx's numbered inputs and outputs the names of the ONNX file, as MMDeploy expects."""
    lines = [line.split(' ') for line in param.read_text().splitlines()]
    param.write_text(
        '\n'.join(' '.join(names.get(word, word) for word in line) for line in lines) + '\n'
    )
