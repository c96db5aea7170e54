"""The loop with its loader: the share of its time that passes in ``next``."""

import time
from argparse import Namespace

import numpy as np
from reporting import Rows

from .model import Training, Variant


def measure(args: Namespace) -> dict[str, Rows]:
    """Images per second and share of waiting for each number of workers."""
    training = Training(args, Variant(channels_last=True))
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
        speed = args.batch_size * args.rounds / whole
        rows.append(dict(workers=workers, images_per_second=speed, waiting_share=waiting / whole))
    return {'loader': rows}
