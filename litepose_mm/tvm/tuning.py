"""Tune the kernels of a network with MetaSchedule: task by task, so that nothing is lost."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import tvm
from tvm.s_tir import meta_schedule as ms

from .building import PersistentBuilder
from .database import seconds
from .intrinsics import leave_out_tensor_intrinsics
from .kernels import Kernel
from .targets import Device

#: Candidates of one kernel that are measured before it is another kernel's turn.
ROUND = 64
_BATCH = 32


@dataclass
class Progress:
    """How far the tuning of a kernel has come.

    Args:
        kernel: The kernel.
        seconds: The shortest time of one run so far; infinity before the first measurement.
        trials: Number of candidates that were measured in this tuning.
        last_trials: Those of the last round.
        exhausted: Whether the search finds no new candidates.
    """

    kernel: Kernel
    seconds: float = float('inf')
    trials: int = 0
    last_trials: int = 0
    exhausted: bool = False
    cost_model: ms.CostModel | None = field(default=None, repr=False)

    @property
    def share(self) -> float:
        """Its time in one run of the network, in seconds."""
        return self.seconds * self.kernel.count


class Tuner:
    """Tunes kernels, those first from which most is to be gained.

    Args:
        kernels: Kernels of a network.
        device: The processor.
        database: Where the results are kept; kernels that it knows are tuned further.
        runner: Measures candidates; by default on this machine, with one thread, which neighbours
            disturb least.
        workers: Number of processes that build candidates; None for one per processor.
        seed: Seed of the search.
    """

    def __init__(
        self,
        kernels: Sequence[Kernel],
        device: Device,
        database: ms.Database,
        runner: ms.Runner | None = None,
        workers: int | None = None,
        seed: int = 0,
    ) -> None:
        self._device, self._database, self._seed = device, database, seed
        self._workers = workers or os.cpu_count() or 1
        self._runner = runner
        leave_out_tensor_intrinsics()
        self.kernels = [Progress(kernel, best_seconds(database, kernel)) for kernel in kernels]

    @property
    def network_seconds(self) -> float:
        """Estimated time of the network on one thread; infinity while a kernel is untuned."""
        return sum(each.share for each in self.kernels)

    def run(self, trials: int | None, minutes: float | None = None) -> Iterator[Progress]:
        """Tunes until the trials or the minutes are over; yields the kernel of each round.

        Args:
            trials: Number of candidates to measure, of all kernels together; None for any number.
            minutes: Time that may pass before the last round begins; None for any.
        """
        start, measured = time.monotonic(), 0
        runner = self._runner or local_runner()
        builder = PersistentBuilder(self._workers, self._device.linker())
        try:
            while trials is None or measured < trials:
                if minutes is not None and time.monotonic() - start > 60 * minutes:
                    return
                progress = self._next()
                if progress is None:
                    return
                limit = ROUND
                if trials is not None:  # each kernel has its turn
                    limit = min(ROUND, max(1, trials // len(self.kernels)), trials - measured)
                self._tune(progress, limit, builder, runner)
                measured += limit
                yield progress
        finally:
            builder.close()

    def _next(self) -> Progress | None:
        """Returns an unknown kernel, or the one that takes longest for the trials it had."""
        open_ones = [each for each in self.kernels if not each.exhausted]
        unknown = [each for each in open_ones if each.seconds == float('inf')]
        if unknown:
            return min(unknown, key=lambda each: each.trials)
        return max(open_ones, key=lambda each: each.share / (each.trials + ROUND), default=None)

    def _tune(self, progress: Progress, limit: int, builder: ms.Builder, runner: ms.Runner) -> None:
        kernel = progress.kernel
        if progress.cost_model is None:
            progress.cost_model = ms.cost_model.XGBModel(num_tuning_cores=self._workers)
        before = len(self._database)
        ms.tune.tune_tasks(
            tasks=[self._context(kernel, progress.trials)],
            task_weights=[1.0],
            work_dir='',
            max_trials_global=limit,
            num_trials_per_iter=_BATCH,
            builder=builder,
            runner=runner,
            database=self._database,
            cost_model=progress.cost_model,
        )
        found = len(self._database) - before
        progress.trials, progress.last_trials = progress.trials + limit, limit
        progress.exhausted = found == 0
        progress.seconds = best_seconds(self._database, kernel)

    def _context(self, kernel: Kernel, trials: int) -> ms.TuneContext:
        rules = self._device.rules
        return ms.TuneContext(
            mod=kernel.module,
            target=self._device.target,
            space_generator=ms.space_generator.PostOrderApply(
                sch_rules=rules, postprocs=rules, mutator_probs=rules
            ),
            search_strategy=ms.search_strategy.EvolutionarySearch(
                population_size=128,
                init_measured_ratio=0.3,
                init_min_unmeasured=40,
                genetic_num_iters=2,
                genetic_mutate_prob=0.85,
                eps_greedy=0.1,
            ),
            task_name=kernel.name,
            logger=_quiet_logger(),
            rand_state=self._seed + trials + 1,
            num_threads=self._workers,
        ).clone()


def best_seconds(database: ms.Database, kernel: Kernel) -> float:
    """Returns the time of the fastest known schedule of a kernel; infinity if there is none."""
    if not database.has_workload(kernel.module):
        return float('inf')
    best = database.get_top_k(database.commit_workload(kernel.module), 1)
    return seconds(best[0]) if best else float('inf')


def local_runner() -> ms.Runner:
    """Returns a runner that measures kernels on one thread of this machine."""
    return ms.runner.LocalRunner(
        timeout_sec=20,
        evaluator_config=ms.runner.EvaluatorConfig(number=1, repeat=5, min_repeat_ms=3),
        f_run_evaluator=shortest_time,
        initializer=use_one_thread,
    )


def use_one_thread() -> None:
    """Limits TVM in this process to one thread, before it starts others."""
    os.environ['TVM_NUM_THREADS'] = '1'


def shortest_time(
    module: tvm.runtime.Module,
    device: tvm.runtime.Device,
    config: ms.runner.EvaluatorConfig,
    repeated_arguments: Sequence[Sequence[tvm.runtime.Tensor]],
) -> list[float]:
    """Measures a kernel; the shortest of several times is what neighbours disturb least."""
    measure = module.time_evaluator(
        module.entry_name,
        device,
        number=config.number,
        repeat=config.repeat,
        min_repeat_ms=config.min_repeat_ms,
    )
    return [min(min(measure(*arguments).results) for arguments in repeated_arguments)]


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger('litepose_mm.tvm.tuning')
    logger.setLevel(logging.ERROR)
    return logger
