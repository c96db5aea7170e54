"""TVM: MMDeploy imports modules of TVM that releases since 0.20 lack."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from mmdeploy.backend.base import BACKEND_MANAGERS, BaseBackendManager, BaseWrapper
from mmdeploy.utils import get_backend_config
from mmdeploy.utils.timer import TimeCounter
from torch import Tensor, from_numpy

from ....errors import LitePoseError
from ....inference.engines import get_engine
from ..options import get_precision
from .conversion import convert

with suppress(ImportError):
    import mmdeploy.backend.tvm  # noqa: F401  registers its manager first


class CurrentTVMWrapper(BaseWrapper):
    """Runs a library of :mod:`litepose_mm.tvm`; MMDeploy's profiler reads its times.

    Args:
        file: The ``.so`` file.
        output_names: Outputs in order.
    """

    def __init__(self, file: str, output_names: Sequence[str] | None):
        from ....tvm.runtime import Network

        super().__init__(output_names)
        self._network = Network(file)

    def forward(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        (images,) = inputs.values()
        return dict(zip(self.output_names, map(from_numpy, self._execute(images.cpu().numpy()))))

    @TimeCounter.count_time('tvm')
    def _execute(self, images: Any) -> list[Any]:
        return self._network.run(images)


@BACKEND_MANAGERS.register('tvm')
class CurrentTVMManager(BaseBackendManager):
    """Compiles and runs with the current TVM; options are those of ``litepose export``."""

    @classmethod
    def is_available(cls, with_custom_ops: bool = False) -> bool:
        """Return whether TVM is installed; there are no custom operators."""
        return not with_custom_ops and importlib.util.find_spec('tvm') is not None

    @classmethod
    def get_version(cls) -> str:
        """Return the version of TVM."""
        if not cls.is_available():
            return 'None'
        import tvm

        return tvm.__version__

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
        if not cls.is_available():
            raise LitePoseError('TVM is not installed: pip install "litepose_mm[tvm]"')
        return CurrentTVMWrapper(backend_files[0], output_names)

    @classmethod
    def to_backend(
        cls, ir_files: Sequence[str], work_dir: str, deploy_cfg: Any, **kwargs: Any
    ) -> list[str]:
        precision, config = get_precision(deploy_cfg), get_backend_config(deploy_cfg)
        options = {
            option.name: config[option.name]
            for option in get_engine('tvm').options
            if config.get(option.name) is not None
        }
        return [
            convert('tvm', file, work_dir, precision, ('.so',), **options)[0] for file in ir_files
        ]
