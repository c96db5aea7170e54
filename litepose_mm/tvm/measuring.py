"""Measure kernels and networks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tvm
from tvm import relax
from tvm.s_tir import meta_schedule as ms

from .threads import use_one_thread

#: How candidates are measured: at least five times 3 ms.
EVALUATOR = ms.runner.EvaluatorConfig(number=1, repeat=5, min_repeat_ms=3)


def local_runner() -> ms.Runner:
    """Returns a runner that measures kernels on one thread of this machine."""
    return ms.runner.LocalRunner(
        timeout_sec=20,
        evaluator_config=EVALUATOR,
        f_run_evaluator=shortest_time,
        initializer=use_one_thread,
    )


def shortest_time(
    module: tvm.runtime.Module,
    device: tvm.runtime.Device,
    config: ms.runner.EvaluatorConfig,
    repeated_arguments: Sequence[Sequence[tvm.runtime.Tensor]],
) -> list[float]:
    """Returns the shortest of several times, which neighbours disturb least."""
    measure = module.time_evaluator(
        module.entry_name,
        device,
        number=config.number,
        repeat=config.repeat,
        min_repeat_ms=config.min_repeat_ms,
    )
    return [min(min(measure(*arguments).results) for arguments in repeated_arguments)]


def network_seconds(
    machine: relax.VirtualMachine, device: Any, shape: Sequence[int], runs: int = 5
) -> list[float]:
    """Returns the time of each run of a network, after one run that fills the caches.

    Args:
        machine: The network, here or on a remote device.
        device: TVM's device on which it runs.
        shape: Shape of the input.
        runs: Number of runs.
    """
    machine.set_input('main', tvm.runtime.empty(tuple(shape), 'float32', device))
    timed = machine.time_evaluator('invoke_stateful', device, number=1, repeat=1 + runs)
    return list(timed('main').results[1:])
