"""Compare the frames per second of the authors' procedure and of this package.

The authors' procedure is that of their test without a flip test: eager PyTorch, maps interpolated
to the input's size, loops over keypoints and people, and the ``munkres`` package, one frame after
another. ``litepose_mm.testing.reference`` implements it with the results of the authors' code. The
other candidates are pipelines of this package, in which grabbing, network and decoding of
successive frames overlap.

All candidates process the same frames from memory with the same weights and number of threads, in
turns within one run. People are not tracked, and nothing is drawn. With random weights, a network
finds nobody and decoding takes no time, so give trained ones: ``--models
litepose-m_crowdpose=FILE``.
"""

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from exports import ENGINES, export_candidate
from reporting import Rows, environment, print_table

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.datasets.synthetic import SceneOptions
from litepose_mm.decoding import default_keypoint_order
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.media import write_json
from litepose_mm.realtime import Frame, RealTimePipeline, Source, open_source
from litepose_mm.runtime import PoseEstimator
from litepose_mm.testing import reference

sys.path.append(str(Path(__file__).resolve().parents[1] / 'projects/synthetic_people'))
from synthetic_people import make_video


class Run(NamedTuple):
    """A run over all frames.

    Frames per second, milliseconds of the parts, mean number of people, milliseconds from grabbing
    to finding people, and the share of the threads' time without work.
    """

    fps: float
    preprocessing: float
    network: float
    decoding: float
    people: float
    latency: float
    idle: float


class FramesInMemory(Source):
    """A source of frames that takes no time."""

    name, is_live = 'memory', False

    def __init__(self, images: Sequence[np.ndarray]) -> None:
        super().__init__()
        self._images = images

    def frames(self) -> Iterator[Frame]:
        for number, image in enumerate(self._images):
            yield Frame(image, number, number / self.fps)


def authors(estimator: TorchEstimator, images: Sequence[np.ndarray], num_threads: int) -> Run:
    """Run the authors' procedure."""
    model, num_keypoints = estimator.model, estimator.skeleton.num_keypoints
    order = default_keypoint_order(num_keypoints)
    short_side = min(model.head.decoder.input_size)
    times, people = [], []

    def forward(inputs: torch.Tensor) -> tuple:
        outputs = model.head(model.extract_feat(inputs))
        moments.append(time.perf_counter())
        return outputs

    start, used = time.perf_counter(), time.process_time()
    with torch.inference_mode():
        for image in images:
            moments = [time.perf_counter()]
            inputs, back = reference.preprocess(image, short_side)
            moments.append(time.perf_counter())
            maps = reference.network_maps(forward, inputs, num_keypoints)
            found, _ = reference.decode(*maps, order)
            reference.to_image(found, back)
            moments.append(time.perf_counter())
            times.append(np.diff(moments))
            people.append(len(found))
    milliseconds = np.median(times, axis=0) * 1e3
    seconds = time.perf_counter() - start
    return Run(
        len(images) / seconds,
        *milliseconds,
        np.mean(people),
        milliseconds.sum(),
        idle(used, seconds, num_threads),
    )


def idle(used: float, seconds: float, num_threads: int) -> float:
    """Return the share of the threads' time in which the process did nothing."""
    return max(0.0, 1 - (time.process_time() - used) / (seconds * num_threads))


def pipeline(estimator: BaseEstimator, images: Sequence[np.ndarray], num_threads: int) -> Run:
    """Run the pipeline of this package."""
    start, used = time.perf_counter(), time.process_time()
    with RealTimePipeline(FramesInMemory(images), estimator) as running:
        people = [len(shown.result) for shown in running]
    seconds = time.perf_counter() - start
    statistics = running.statistics()
    names = ('preprocessing', 'network', 'decoding')
    return Run(
        len(images) / seconds,
        *(statistics.milliseconds[name] for name in names),
        np.mean(people),
        statistics.latency,
        idle(used, seconds, num_threads),
    )


def compare(
    spec: str, images: list, calibration: Path, scratch: Path, args: argparse.Namespace
) -> tuple[str, Rows]:
    """Measure all candidates of a model, the authors' first; return a title and rows."""
    name, _, weights = spec.partition('=')
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*the network is random')
        eager = TorchEstimator(name, weights or None, device='cpu', flip_test=False)
    height, width = eager.prepare(images[0]).inputs.shape[1:3]
    candidates: dict[str, Callable[[], Run]] = {
        'authors, eager': lambda: authors(eager, images, args.threads),
        'torch-fp32': lambda: pipeline(eager, images, args.threads),
    }
    for candidate in args.engines:
        folder = scratch / Path(name).stem / candidate
        try:
            export_candidate(eager.model, candidate, folder, (height, width), calibration)
        except LitePoseError as error:  # e.g. int8 that a CPU computes wrongly
            print(f'skipping {candidate}: {error}')
            continue
        for streams in sorted({1, args.threads}):
            estimator = PoseEstimator(folder, threads=args.threads // streams, streams=streams)
            title = f'{candidate}, {streams} stream{"s" if streams > 1 else ""}'
            candidates[title] = lambda estimator=estimator: pipeline(
                estimator, images, args.threads
            )
    runs = np.array(
        # The first round warms up.
        [[list(run()) for run in candidates.values()] for _ in range(args.rounds + 1)]
    )[1:]
    rows = [
        dict(
            candidate=candidate,
            fps=float(np.median(own[:, 0])),
            speed=float(np.median(own[:, 0] / runs[:, 0, 0])),
            **{
                f'{part}_ms': float(np.median(own[:, 1 + i]))
                for i, part in enumerate(Run._fields[1:4])
            },
            people=float(own[:, 4].mean()),
            latency_ms=float(np.median(own[:, 5])),
            idle=float(np.median(own[:, 6])),
        )
        for candidate, own in zip(candidates, runs.swapaxes(0, 1))
    ]
    return f'{name} at {width}x{height}, {args.threads} thread(s)', rows


def read_frames(args: argparse.Namespace) -> list[np.ndarray]:
    """Return the requested number of frames, repeating a short video."""
    if args.video:
        frames = [frame.image for frame in open_source(str(args.video)).frames()]
    else:
        options = SceneOptions(image_size=(640, 480), people=(5, 5))
        frames = [frame.image for frame in make_video(options, 0, 0, args.frames)]
    return list(islice(cycle(frames), args.frames))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--models',
        nargs='+',
        default=['litepose-xs_crowdpose', 'litepose-s_crowdpose'],
        metavar='MODEL[=WEIGHTS]',
        help='names of models or configs',
    )
    parser.add_argument('--engines', nargs='+', default=list(ENGINES), choices=ENGINES)
    parser.add_argument(
        '--video', type=Path, help='video file (default: a synthetic video of 640x480)'
    )
    parser.add_argument(
        '--frames', type=int, default=40, help='number of frames for each candidate and round'
    )
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    report = dict(environment=environment(args.threads, args.rounds), realtime={})
    print(report['environment'])
    images = read_frames(args)
    with tempfile.TemporaryDirectory() as folder:
        calibration = Path(folder) / 'calibration'  # ten images or more
        calibration.mkdir()
        for index, image in enumerate(islice(cycle(images), max(10, len(images)))):
            cv2.imwrite(str(calibration / f'{index}.png'), image)
        for spec in args.models:
            title, rows = compare(spec, images, calibration, Path(folder), args)
            report['realtime'][title] = rows
            print_table(title, rows)
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
