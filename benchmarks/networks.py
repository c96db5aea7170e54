"""Measure the networks of exported models, each in a process of its own, in turns.

Engines in one process disturb each other's threads. All processes get the same input; a run lasts
from the normalised input to the outputs in memory.
"""

import argparse
import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
from reporting import Rows, environment, print_table
from timing import seconds

from litepose_mm.media import write_json
from litepose_mm.runtime import PoseEstimator

_RUNS = 5  # in a turn


def serve(model: str, shape: tuple[int, int] | None, threads: int, pipe: Connection) -> None:
    """Run a model whenever asked; send the seconds of each run."""
    if Path(model).is_dir():
        engine = PoseEstimator(model, threads=threads).engine
    else:
        import torch

        from litepose_mm import PoseEstimator as TorchEstimator

        torch.set_num_threads(threads)
        engine = TorchEstimator(model, device='cpu', flip_test=False).engine
    height, width = engine.card.input_shape or shape
    inputs = np.random.default_rng(0).normal(size=(1, 3, height, width)).astype(np.float32)
    pipe.send(f'{engine.card.engine} {engine.card.precision}, {width}x{height}')
    while pipe.recv():
        engine.run(inputs)  # fills the caches that another process has used
        pipe.send([seconds(lambda: engine.run(inputs)) for _ in range(_RUNS)])


def measure(args: argparse.Namespace) -> Rows:
    context, pipes, names = multiprocessing.get_context('spawn'), [], []
    for model in args.models:
        pipe, other = context.Pipe()
        arguments = (model, args.shape, args.threads, other)
        context.Process(target=serve, args=arguments, daemon=True).start()
        other.close()  # so that the end of the process is seen
        names.append(f'{model} ({pipe.recv()})')
        pipes.append(pipe)
    times: list[list[float]] = [[] for _ in pipes]
    for _ in range(args.rounds):
        for pipe, own in zip(pipes, times):
            pipe.send(True)
            own.extend(pipe.recv())
    for pipe in pipes:
        pipe.send(False)
    first = np.median(times[0])
    return [
        dict(
            network=name,
            median_ms=1e3 * float(np.median(own)),
            shortest_ms=1e3 * min(own),
            ratio=float(np.median(own) / first),
        )
        for name, own in zip(names, times)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        'models', nargs='+', help='folders of exported models; or names of models, to run in torch'
    )
    parser.add_argument(
        '--shape',
        type=int,
        nargs=2,
        metavar=('HEIGHT', 'WIDTH'),
        help='input of models of any size (default: 256 256)',
        default=(256, 256),
    )
    parser.add_argument('--threads', type=int, default=1)
    parser.add_argument('--rounds', type=int, default=20, help=f'turns of {_RUNS} runs each')
    parser.add_argument('--out', help='JSON file')
    args = parser.parse_args()
    rows = measure(args)
    print(environment(args.threads, args.rounds))
    print_table('networks', rows)
    if args.out:
        write_json(args.out, {'networks': rows})


if __name__ == '__main__':
    main()
