"""Use TensorBoard if it is installed."""

from __future__ import annotations

from collections.abc import Callable

from mmengine.logging import print_log
from mmengine.visualization import TensorboardVisBackend
from mmpose.registry import VISBACKENDS


@VISBACKENDS.register_module()
class OptionalTensorboardVisBackend(TensorboardVisBackend):
    """MMEngine's TensorBoard backend, which only logs a message if TensorBoard is missing."""

    def _init_env(self) -> None:
        try:
            super()._init_env()
        except ImportError:
            print_log(
                'TensorBoard is not installed (pip install tensorboard), so curves and images '
                f'are written only to files in {self._save_dir}.',
                logger='current',
            )
            self._tensorboard = _Nowhere()


class _Nowhere:
    """A writer that writes nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *args, **options: None
