"""The engine that runs networks in PyTorch, on any device."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .base import Engine, stopwatch

if TYPE_CHECKING:
    from torch import nn

    from ..card import ModelCard


class TorchEngine(Engine):
    """Runs a network directly, without an export.

    Args:
        graph: A :class:`~litepose_mm.models.utils.deploy_graph.DeployGraph`, in evaluation mode.
        card: The card that :func:`~litepose_mm.apis.description.describe` returned.
        device: See :class:`Engine`; None leaves the graph where it is.
    """

    name, extra = 'torch', 'mmpose'
    can_time = True
    precisions = ('fp32',)
    runs_onnx = False
    device_kinds = ('cuda', 'xpu', 'mps', 'cpu')

    def __init__(self, graph: nn.Module, card: ModelCard, device: str | None = None) -> None:
        self.graph = graph
        super().__init__('', card, device=device or str(next(graph.parameters()).device))

    @classmethod
    def devices_here(cls) -> Collection[str]:
        import torch

        libraries = {'cuda': torch.cuda, 'xpu': torch.xpu, 'mps': torch.backends.mps}
        return [*(kind for kind, each in libraries.items() if each.is_available()), 'cpu']

    def _load(self, folder: Path, threads: int | None) -> None:
        self.graph.to(self.device.replace('.', ':'))

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        import torch

        from ...utils.openmp import check_fork

        check_fork()
        device = next(self.graph.parameters()).device
        with torch.inference_mode():
            outputs = self.graph(torch.from_numpy(batch).to(device))
            return [output.float().cpu().numpy() for output in outputs]

    @classmethod
    def time(cls, graph: Any, inputs: np.ndarray, threads: int) -> Callable[[int], list[float]]:
        import torch

        torch.set_num_threads(threads)
        tensor = torch.from_numpy(inputs)

        @torch.inference_mode()
        def run() -> object:
            return graph(tensor)

        return stopwatch(run)
