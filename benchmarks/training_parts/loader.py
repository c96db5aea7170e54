"""A loop over loader and step: the share of its time that passes in ``next``."""

import multiprocessing
import time
from argparse import Namespace
from concurrent.futures import ProcessPoolExecutor

import numpy as np
from reporting import Rows

from .model import Training, variants


def measure(args: Namespace) -> dict[str, Rows]:
    """Images per second and share of waiting for each number of workers.

    The loop is a plain one, without a runner and its hooks, and trains in the last of the ways that
    ``step`` measures uncompiled. It has a process of its own, which keeps freed memory.
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
        del batches  # and its processes
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
