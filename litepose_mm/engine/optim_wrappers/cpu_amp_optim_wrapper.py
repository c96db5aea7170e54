"""Mixed precision on CPUs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from mmengine.optim import OptimWrapper
from mmpose.registry import OPTIM_WRAPPERS
from torch import nn

from ...errors import LitePoseError


@OPTIM_WRAPPERS.register_module()
class CPUAmpOptimWrapper(OptimWrapper):
    """Mixed precision on a CPU; MMEngine's ``AmpOptimWrapper`` requires a GPU.

    The network computes in bfloat16; weights and the optimiser's state are float32. bfloat16 has
    the range of float32, so losses are not scaled.

    Args:
        dtype: ``'bfloat16'``, the only type that torch supports on a CPU.
        kwargs: Arguments of MMEngine's :class:`OptimWrapper`.

    Raises:
        LitePoseError: The type is not bfloat16, or the CPU has no instructions for it.
    """

    def __init__(self, dtype: str = 'bfloat16', **kwargs) -> None:
        if dtype != 'bfloat16':
            raise LitePoseError(f'optim_wrapper.dtype: expected bfloat16 on a CPU, got {dtype}')
        if not has_bfloat16():
            raise LitePoseError(
                'mixed precision: expected a GPU or a CPU with bfloat16 instructions '
                '(AVX512_BF16, AMX), got a CPU without them; train in float32'
            )
        super().__init__(**kwargs)

    @contextmanager
    def optim_context(self, model: nn.Module) -> Iterator[None]:
        """Enter MMEngine's context and autocast."""
        with super().optim_context(model), torch.autocast('cpu', torch.bfloat16):
            yield


def has_bfloat16() -> bool:
    """Return whether the CPU has bfloat16 instructions, without which float32 is faster."""
    return torch.cpu._is_avx512_bf16_supported()  # torch 2.6 has no public name for it
