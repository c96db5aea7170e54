"""Compare the time from an image to its people for eager PyTorch and all engines and precisions.

Every candidate is a process of its own, because engines in one process disturb each other's
threads; the candidates of a model take turns. All get the same drawn image. They decode the same
drawn maps in place of their own, so that the time does not depend on the weights, which are the
package's or random. Kernels of TVM that are not tuned yet are tuned first.

The network's share of the peak is its multiply-accumulates per second (exact, of the training form;
the exported form needs fewer) divided by the most that the same number of threads can do in
float32, which is measured in the same turns. Int8 and bf16 have faster instructions, so their share
can exceed 100 %.
"""

import argparse
import multiprocessing
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from exports import ENGINES, export_candidate
from latency_page import draw, write_page
from peak import Peak
from reporting import Rows, environment, print_table

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.analysis.timing import summarise, time_stages
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.media import write_json
from litepose_mm.runtime import PoseEstimator
from litepose_mm.testing import stages_with_people

_FRAMES = 2  # in a turn, after one that fills the caches


def scenes(size: tuple[int, int], people: int, count: int) -> list[np.ndarray]:
    options = SceneOptions(image_size=size, people=(people, people))
    return [make_scene(options, seed=0, index=index).image for index in range(count)]


def load(source: str | Path, threads: int | None = None) -> BaseEstimator:
    """Load an exported folder, or a named model in eager PyTorch."""
    if Path(source).is_dir():
        return PoseEstimator(source, threads=threads)
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*the network is random')
        return TorchEstimator(source, device='cpu', flip_test=False)


def export_all(
    name: str, image: np.ndarray, folder: Path, args: argparse.Namespace
) -> tuple[str, int, dict[str, str]]:
    """Export a model for all engines; return a title, its MACs, and what each candidate loads."""
    eager = load(name)
    shape = eager.prepare(image).inputs.shape[1:3]
    calibration = folder / 'calibration'
    calibration.mkdir(parents=True, exist_ok=True)
    for index, scene in enumerate(scenes(args.image_size, args.people, 10)):
        cv2.imwrite(str(calibration / f'{index}.png'), scene)
    sources = {'torch-fp32': name}
    for candidate in args.engines:
        exported = folder / Path(name).stem / candidate
        if not exported.is_dir():
            print(f'exporting {name} for {candidate}', file=sys.stderr)
            try:
                export_candidate(eager.model, candidate, exported, shape, calibration)
            except LitePoseError as error:  # e.g. int8 that a processor computes wrongly
                print(f'{name} is left out for {candidate}: {error}', file=sys.stderr)
                continue
        sources[candidate] = str(exported)
    macs = measure_complexity(eager.model, (3, *shape)).macs
    return f'{Path(name).stem}, {shape[1]}x{shape[0]}', macs, sources


def serve(source: str, image: np.ndarray, people: int, threads: int, pipe: Connection) -> None:
    """Process frames whenever asked; send the seconds of their parts, and the people found."""
    torch.set_num_threads(threads)
    cv2.setNumThreads(threads)
    stages = [stages_with_people(source, load(source, threads), people)]
    pipe.send(None)
    while pipe.recv():
        times, found = time_stages(stages, [image], _FRAMES)
        pipe.send((times[0], int(found[0, 0])))


@contextmanager
def processes(sources: Iterable[str], *arguments: Any) -> Iterator[list[Connection]]:
    """Start :func:`serve` for each candidate; yield the pipes to them."""
    context, pipes = multiprocessing.get_context('spawn'), []
    for source in sources:
        pipe, other = context.Pipe()
        context.Process(target=serve, args=(source, *arguments, other), daemon=True).start()
        other.close()  # so that the end of the process is seen
        pipe.recv()
        pipes.append(pipe)
    yield pipes
    for pipe in pipes:
        pipe.send(False)


def measure(
    sources: dict[str, str], macs: int, image: np.ndarray, threads: int, args: argparse.Namespace
) -> Rows:
    """Measure all candidates of a model in turns."""
    peak, peaks, turns = Peak(), [], []
    with processes(sources.values(), image, args.people, threads) as pipes:
        for _ in range(args.rounds):
            peaks.append(peak.macs_per_second(threads))
            for pipe in pipes:
                pipe.send(True)
                turns.append(pipe.recv())
    rows: Rows = []
    for index, candidate in enumerate(sources):
        own = turns[index :: len(sources)]
        frames = np.concatenate([times for times, _ in own])
        times = {part: figures['p50'] for part, figures in summarise(frames).items()}
        rows.append(
            dict(
                candidate=candidate,
                preprocessing_ms=times['preprocessing'],
                network_ms=times['model'],
                decoding_ms=times['decoding'],
                frame_ms=times['total'],
                frame_p95_ms=float(np.percentile(frames.sum(-1), 95) * 1e3),
                speed=rows[0]['frame_ms'] / times['total'] if rows else 1.0,
                decoding_share=times['decoding'] / times['total'],
                peak_share=macs / (times['model'] / 1e3) / max(peaks),
                people=own[0][1],
            )
        )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--models',
        nargs='+',
        default=['litepose-xs_crowdpose', 'litepose-s_crowdpose'],
        help='names of models or configs',
    )
    parser.add_argument('--engines', nargs='+', default=list(ENGINES), choices=ENGINES)
    parser.add_argument('--image-size', type=int, nargs=2, default=[640, 640])
    parser.add_argument('--people', type=int, default=5)
    parser.add_argument('--threads', type=int, nargs='+', default=[1, 2])
    parser.add_argument('--rounds', type=int, default=20, help=f'turns of {_FRAMES} frames each')
    parser.add_argument('--exports', type=Path, help='folder of exported models, which are reused')
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    parser.add_argument('--page', type=Path, help='page between whose markers to write the figures')
    parser.add_argument('--plot', type=Path, help='file for the plot')
    args = parser.parse_args()
    args.image_size = tuple(args.image_size)
    image = scenes(args.image_size, args.people, 1)[0]
    threads = ' and '.join(map(str, args.threads))
    report: dict[str, Any] = dict(environment=environment(threads, args.rounds), latency={})
    print(report['environment'])
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.exports or Path(scratch)
        exported = [export_all(name, image, folder, args) for name in args.models]
        for title, macs, sources in exported:
            report['latency'][title] = {
                count: measure(sources, macs, image, count, args) for count in args.threads
            }
            for count, rows in report['latency'][title].items():
                print_table(f'{title}, {args.people} people, threads: {count}', rows)
    if args.plot:
        draw(report, args.plot)
    if args.page:
        write_page(args.page, report)
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
