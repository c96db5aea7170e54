"""Run a torch network with OpenVINO."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...errors import LitePoseError


class OpenVINONetwork:
    """Runs a network on the CPU in float32 without gradients; inputs may be on any device.

    The network is converted at the first input of each shape, which takes some seconds.

    Args:
        network: The network; its weights must not change afterwards.

    Raises:
        LitePoseError: OpenVINO is not installed.
    """

    def __init__(self, network: nn.Module) -> None:
        try:
            import openvino

            from ...inference.engines.openvino import cpu_core
        except ImportError:
            raise LitePoseError(
                'OpenVINO, which should run a network, is not installed: pip install openvino'
            ) from None
        self._convert, self._core = openvino.convert_model, cpu_core()
        self._network = network.eval()
        self._compiled: dict[tuple[int, ...], Callable] = {}

    def __call__(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the network's outputs for images ``(B, 3, H, W)``."""
        shape = tuple(inputs.shape)
        if shape not in self._compiled:
            self._compiled[shape] = self._compile(inputs)
        outputs = self._compiled[shape](inputs.float().cpu().contiguous().numpy())
        # Copied, because OpenVINO writes the next outputs into the same memory.
        return tuple(
            torch.from_numpy(outputs[index].copy()).to(inputs.device)
            for index in range(len(outputs))
        )

    def _compile(self, inputs: Tensor) -> Callable:
        from ...inference.engines.openvino import compile_options

        with torch.autocast('cpu', enabled=False):  # OpenVINO cannot convert its casts
            model = self._convert(self._network, example_input=inputs.float().cpu())
        model.reshape(list(inputs.shape))
        options = compile_options('fp32', torch.get_num_threads())
        return self._core.compile_model(model, 'CPU', options)
