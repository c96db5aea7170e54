"""Measure speed and memory of a training step on prepared batches, for all variants."""

import multiprocessing
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import torch
from reporting import Rows
from timing import device

from .model import Training, Variant, variants

_own = {}  # training and batches of the variant, in its process


def measure(args: Namespace) -> dict[str, Rows]:
    """Measure images per second, peak memory, and the loss of the last step.

    Every variant has a separate process for all rounds, so that its peak memory is known: resident
    memory on a CPU, memory of torch's tensors on a GPU. All variants get the same batches.
    """
    ways = variants(args.compile)
    spawn = multiprocessing.get_context('spawn')
    with ExitStack() as stack:
        processes = [
            stack.enter_context(ProcessPoolExecutor(1, spawn, _start, (args, variant)))
            for variant in ways
        ]
        times = [
            # One after another, since the processes share the CPU.
            [process.submit(_step, turn).result() for process in processes]
            for turn in range(args.warmup + args.rounds)
        ]
        losses = [process.submit(_loss).result() for process in processes]
        peaks = [process.submit(_peak_memory).result() for process in processes]
    times = np.array(times[args.warmup :])
    rows = [
        dict(
            variant=variant.name,
            seconds=np.median(own),
            images_per_second=args.batch_size / np.median(own),
            ratio=np.median(times[:, 0] / own),
            loss=f'{loss:.4f}',
            peak_mib=peak,
        )
        for variant, own, loss, peak in zip(ways, times.T, losses, peaks)
    ]
    return {'step': rows}


def _start(args: Namespace, variant: Variant) -> None:
    training = Training(args, variant)
    batches = training.batches()
    _own.update(training=training, batches=[next(batches) for _ in range(2)])


def _step(turn: int) -> float:
    return _own['training'].step(_own['batches'][turn % 2])


def _loss() -> float:
    return _own['training'].loss


def _peak_memory() -> float | None:
    """Return the peak memory in MiB, or None if the system does not provide it."""
    if device() == 'cuda':
        return torch.cuda.max_memory_allocated() / 2**20
    status = Path('/proc/self/status')  # not getrusage, whose peak includes the parent's
    if not status.exists():
        return None
    fields = dict(line.split(':', 1) for line in status.read_text().splitlines())
    return int(fields['VmHWM'].split()[0]) / 1024
