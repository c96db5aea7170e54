"""Times of alternatives that take turns, so that what disturbs one disturbs all."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch


def device() -> str:
    return 'cuda' if torch.cuda.is_available() else 'cpu'


def seconds(function: Callable[[], object]) -> float:
    """How long a call takes, on the clock; with what it started on a GPU."""
    start = time.perf_counter()
    function()
    if device() == 'cuda':
        torch.cuda.synchronize()
    return time.perf_counter() - start


def in_turns(functions: Sequence[Callable[[], object]], rounds: int) -> np.ndarray:
    """Seconds ``(rounds, functions)``, after a round that warms up."""
    turns = range(rounds + 1)
    return np.array([[seconds(function) for function in functions] for _ in turns])[1:]
