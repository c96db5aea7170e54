"""Tune the kernels of a network with MetaSchedule: task by task, so that nothing is lost."""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tvm.s_tir import Schedule
from tvm.s_tir import meta_schedule as ms
from tvm.s_tir.meta_schedule.builder import BuilderInput
from tvm.s_tir.meta_schedule.runner import RunnerInput

from .building import PersistentBuilder
from .database import check_written, seconds
from .intrinsics import leave_out_tensor_intrinsics
from .kernels import Kernel
from .measuring import local_runner
from .targets import Device
from .templates import known_schedules

#: Candidates of one kernel that are measured before it is another kernel's turn.
ROUND = 64
_BATCH = 32
# Known schedules of a kernel that are measured before those of others.
_FIRST_ROUND = 8


@dataclass
class Progress:
    """How far the tuning of a kernel has come.

    Args:
        kernel: The kernel.
        seconds: The shortest time of one run so far; infinity before the first measurement.
        trials: Number of candidates that were measured in this tuning.
        last_trials: Those of the last round.
        exhausted: Whether the search finds no new candidates.
        templates: Known schedules that are still to be measured; None before the first round.
    """

    kernel: Kernel
    seconds: float = float('inf')
    trials: int = 0
    last_trials: int = 0
    exhausted: bool = False
    templates: list[Schedule] | None = field(default=None, repr=False)
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
    def num_left(self) -> float:
        """Number of known schedules that are still to be measured, for some kernels estimated."""
        listed = [each for each in self.kernels if each.templates is not None]
        left = sum(len(each.templates or ()) for each in listed)
        measured = sum(each.trials for each in listed)
        return left + (left + measured) / max(1, len(listed)) * (len(self.kernels) - len(listed))

    @property
    def network_seconds(self) -> float:
        """Estimated time of the network on one thread; infinity while a kernel is untuned."""
        return sum(each.share for each in self.kernels)

    def run(self, trials: int | None = None, minutes: float | None = None) -> Iterator[Progress]:
        """Tunes until the trials or the minutes are over; yields the kernel of each round.

        Without either, it ends when all known schedules are measured, and kernels without any
        have had one round of search.

        Args:
            trials: Number of candidates to measure, of all kernels together.
            minutes: Time that may pass before the last round begins.
        """
        start, measured = time.monotonic(), 0
        runner = self._runner or local_runner()
        builder = PersistentBuilder(self._workers, self._device.linker())
        try:
            while progress := self._next(search=trials is not None or minutes is not None):
                late = minutes is not None and time.monotonic() - start > 60 * minutes
                left = ROUND if trials is None else trials - measured
                if late or left < 1:
                    return
                limit = ROUND if progress.trials else _FIRST_ROUND
                self._tune(progress, min(limit, left), builder, runner)
                check_written(self._database)
                measured += progress.last_trials
                yield progress
        except RuntimeError as error:
            cause = getattr(getattr(runner, '_inst', None), 'error', None)
            if cause is None:
                raise
            raise cause from error  # TVM has replaced it by an error of its own
        finally:
            builder.close()

    def _next(self, search: bool) -> Progress | None:
        """Returns a kernel with known schedules to measure, or one to search for better ones.

        Unknown kernels come first, so that there is soon an estimate, which then falls.
        """
        unknown = [each for each in self.kernels if each.seconds == float('inf')]
        for each in sorted(unknown, key=lambda each: each.trials):
            if each.templates is None:
                each.templates = self._unmeasured(each.kernel)
            if each.templates or not each.exhausted:
                return each
        for each in self.kernels:
            if each.templates is None:
                each.templates = self._unmeasured(each.kernel)
        if ready := [each for each in self.kernels if each.templates]:
            return max(ready, key=lambda each: each.share)
        if not search:
            return None
        searchable = [each for each in self.kernels if not each.exhausted]
        return max(searchable, key=lambda each: each.share / (each.trials + ROUND), default=None)

    def _tune(self, progress: Progress, limit: int, builder: ms.Builder, runner: ms.Runner) -> None:
        if progress.templates:
            progress.last_trials = self._measure_templates(progress, limit, builder, runner)
        else:
            self._search(progress, limit, builder, runner)
            progress.last_trials = limit
        progress.trials += progress.last_trials
        progress.seconds = best_seconds(self._database, progress.kernel)

    def _unmeasured(self, kernel: Kernel) -> list[Schedule]:
        """Returns the known schedules of a kernel that the database does not contain."""
        workload = self._database.commit_workload(kernel.module)
        measured = {str(each.trace) for each in self._database.get_top_k(workload, 10**6)}
        schedules = known_schedules(kernel.module, self._device)
        return [each for each in schedules if str(each.trace) not in measured]

    def _measure_templates(
        self, progress: Progress, limit: int, builder: ms.Builder, runner: ms.Runner
    ) -> int:
        """Measures known schedules and returns their number."""
        left, target = progress.templates or [], self._device.target
        schedules = [left.pop() for _ in range(min(limit, len(left)))]
        built = builder.build([BuilderInput(each.mod, target) for each in schedules])
        arguments = ms.arg_info.ArgInfo.from_entry_func(progress.kernel.module, False)
        workload = self._database.commit_workload(progress.kernel.module)
        good = [
            (schedule.trace, RunnerInput(result.artifact_path, self._device.runs_on, arguments))
            for schedule, result in zip(schedules, built)
            if result.artifact_path is not None
        ]
        futures = runner.run([given for _, given in good])
        for (trace, given), future in zip(good, futures):
            result = future.result()
            shutil.rmtree(Path(str(given.artifact_path)).parent, ignore_errors=True)
            if result.run_secs:
                self._database.commit_tuning_record(
                    ms.database.TuningRecord(trace, workload, result.run_secs, target, arguments)
                )
        return len(schedules)

    def _search(
        self, progress: Progress, limit: int, builder: ms.Builder, runner: ms.Runner
    ) -> None:
        """Lets MetaSchedule search from the best known schedules."""
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
        # A kernel whose candidates all fail is not tried for ever.
        progress.exhausted = len(self._database) == before

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


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger('litepose_mm.tvm.tuning')
    logger.setLevel(logging.ERROR)
    return logger
