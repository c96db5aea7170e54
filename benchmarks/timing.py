"""Measure alternatives in turns, so that disturbances affect all of them equally."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch


def device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def seconds(function: Callable[[], object]) -> float:
    """Measure the wall-clock time of a call, including its work on a GPU."""
    start = time.perf_counter()
    function()
    if device() == 'cuda':
        torch.cuda.synchronize()
    return time.perf_counter() - start


def in_turns(functions: Sequence[Callable[[], object]], rounds: int) -> np.ndarray:
    """Measure seconds ``(rounds, functions)``, after a round for warming up."""
    turns = range(rounds + 1)
    return np.array([[seconds(function) for function in functions] for _ in turns])[1:]
