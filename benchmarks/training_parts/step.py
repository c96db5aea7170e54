"""The step, on batches that are there already: speed and memory of every way to train."""

import itertools
import multiprocessing
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from reporting import Rows
from timing import device

from .model import Training, Variant, quickest

_own = {}  # in the process of a variant: its training and batches


def measure(args: Namespace) -> dict[str, Rows]:
    """Images per second and peak memory.

    Every variant has a process of its own, which lives through all rounds, so that its peak memory
    is its own: resident on CPU, of torch's tensors on a GPU, the only one with mixed precision.
    """
    off_and_on = [False, True]
    amp, compiled = off_and_on[: 1 + (device() == 'cuda')], off_and_on[: 1 + args.compile]
    variants = list(itertools.starmap(Variant, itertools.product(amp, compiled, off_and_on)))
    if device() == 'cpu':
        variants += [quickest()._replace(reuse_memory=False), quickest()]
    spawn = multiprocessing.get_context('spawn')
    with ExitStack() as stack:
        processes = [
            stack.enter_context(ProcessPoolExecutor(1, spawn, _start, (args, variant)))
            for variant in variants
        ]
        times = [
            # One after the other: they share the processor.
            [process.submit(_step, turn).result() for process in processes]
            for turn in range(args.warmup + args.rounds)
        ]
        peaks = [process.submit(_peak_memory).result() for process in processes]
    times = np.array(times[args.warmup :])
    rows = [
        dict(
            variant=variant.name,
            seconds=np.median(own),
            images_per_second=args.batch_size / np.median(own),
            ratio=np.median(times[:, 0] / own),
            peak_mib=peak,
        )
        for variant, own, peak in zip(variants, times.T, peaks)
    ]
    return {'step': rows}


def _start(args: Namespace, variant: Variant) -> None:
    training = Training(args, variant)
    batches = training.batches()
    _own.update(training=training, batches=[next(batches) for _ in range(2)])


def _step(turn: int) -> float:
    return _own['training'].step(_own['batches'][turn % 2])


def _peak_memory() -> float | None:
    """MiB; None where the system does not tell."""
    if device() == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path('/proc/self/status')  # not getrusage, which begins with the parent's
    if not status.exists():
        return None
    fields = dict(line.split(':', 1) for line in status.read_text().splitlines())
    return int(fields['VmHWM'].split()[0]) / 1024
