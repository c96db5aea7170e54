"""Measure a loop over loader and step, and the share of time in which it waits for the loader."""

import multiprocessing
import time
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from reporting import Rows

from .model import Training, variants


def measure(args: Namespace) -> dict[str, Rows]:
    """Measure images per second and the share of waiting for each number of workers.

    The loop has no runner or hooks, and trains with the last uncompiled variant of ``step``. It has
    a separate process, because it keeps freed memory.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as process:
        return {'loader': process.submit(_measure, args).result()}


def _measure(args: Namespace) -> Rows:
    variant = variants()[-1]
    training = Training(args, variant)
    rows = []
    for workers in args.workers:
        batches = training.batches(workers)
        spent = []
        for _ in range(args.warmup + args.rounds):
            start = time.perf_counter()
            batch = next(batches)
            there = time.perf_counter()
            training.step(batch)
            spent.append((there - start, time.perf_counter() - start))
        del batches  # also ends the workers
        waiting, whole = np.sum(spent[args.warmup :], axis=0)
        rows.append(
            dict(
                variant=variant.name,
                workers=workers,
                images_per_second=args.batch_size * args.rounds / whole,
                waiting_share=waiting / whole,
            )
        )
    return rows
