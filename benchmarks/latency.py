"""Compare the time from an image to its people for eager PyTorch and all engines and precisions.

The model is exported for every engine and precision and measured like ``litepose benchmark``: all
candidates process the same synthetic scene in turns within one run. Weights are those of the
package, or random if there are none. Decoding does not depend on them, because all candidates
decode the same synthetic maps.

The network's share of the peak is its multiply-accumulates per second (exact, of the training form;
the exported form needs fewer) divided by those of a large float32 matrix product, measured with the
same number of threads. Int8 and bf16 have other kernels, which can exceed this peak.
"""

import argparse
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from exports import export_candidate
from reporting import Rows, environment, print_table
from timing import in_turns

from litepose_mm import PoseEstimator as TorchEstimator
from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.analysis.timing import Stages, stages_of, summarise, time_stages
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.media import write_json
from litepose_mm.testing import synthetic_outputs

ENGINES = (
    'onnxruntime-fp32',
    'onnxruntime-int8',
    'openvino-fp32',
    'openvino-bf16',
    'openvino-int8',
    'ncnn-fp32',
    'ncnn-fp16',
    'ncnn-bf16',
)
_SIDE = 2048  # side of the matrices whose product defines the peak


def peak_macs(rounds: int) -> float:
    """Measure the best multiply-accumulates per second of a float32 matrix product."""
    one, other = torch.randn(2, _SIDE, _SIDE).unbind()
    times = in_turns([lambda: one @ other], rounds)
    return _SIDE**3 / float(times.min())


def scenes(size: tuple[int, int], people: int, count: int) -> list[np.ndarray]:
    options = SceneOptions(image_size=size, people=(people, people))
    return [make_scene(options, seed=0, index=index).image for index in range(count)]


def with_people(stages: Stages, maps: Sequence[np.ndarray]) -> Stages:
    """Return stages that decode the given maps instead of the network's outputs."""
    return stages._replace(decode=lambda outputs: stages.decode((outputs[0], maps)))


def compare(
    name: str, calibration: Path, scratch: Path, args: argparse.Namespace
) -> tuple[str, Rows]:
    """Measure all candidates of a model, the eager one first; return a title and rows."""
    image = scenes(args.image_size, args.people, 1)[0]
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='.*the network is random')
        estimator = TorchEstimator(name, device='cpu', flip_test=False)
    model = estimator.model
    eager = stages_of('torch-fp32', estimator)
    height, width = eager.preprocess(image).inputs.shape[2:]
    maps = synthetic_outputs(estimator.engine.card.decoder, args.people, (height, width))
    macs = measure_complexity(model, (3, height, width)).macs
    candidates = [with_people(eager, maps)]
    for candidate in args.engines:
        folder = scratch / Path(name).stem / candidate
        exported = export_candidate(
            model, candidate, folder, (height, width), calibration, args.threads
        )
        candidates.append(with_people(stages_of(candidate, exported), maps))
    seconds, people = time_stages(candidates, [image], args.rounds)
    peak = peak_macs(args.rounds)
    medians = np.median(seconds.sum(-1), axis=1)
    rows = []
    for index, (stages, own) in enumerate(zip(candidates, seconds)):
        times = {part: figures['p50'] for part, figures in summarise(own).items()}
        rows.append(
            dict(
                candidate=stages.name,
                preprocessing_ms=times['preprocessing'],
                network_ms=times['model'],
                decoding_ms=times['decoding'],
                frame_ms=times['total'],
                frame_p95_ms=float(np.percentile(own.sum(-1), 95) * 1e3),
                speed=float(medians[0] / medians[index]),
                decoding_share=times['decoding'] / times['total'],
                peak_share=macs / (times['model'] / 1e3) / peak,
                people=int(people[index, 0]),
            )
        )
    title = f'{name} at {width}x{height}, {args.people} people, {args.threads} thread(s)'
    return title, rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        '--models',
        nargs='+',
        default=['litepose-xs_crowdpose', 'litepose-s_crowdpose'],
        help='names of models or configs',
    )
    parser.add_argument('--engines', nargs='+', default=list(ENGINES), choices=ENGINES)
    parser.add_argument('--image-size', type=int, nargs=2, default=[640, 480])
    parser.add_argument('--people', type=int, default=5)
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=30)
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    args.image_size = tuple(args.image_size)
    torch.set_num_threads(args.threads)
    cv2.setNumThreads(args.threads)

    report = dict(environment=environment(args.threads, args.rounds))
    print(report['environment'])
    with tempfile.TemporaryDirectory() as folder:
        calibration = Path(folder) / 'calibration'
        calibration.mkdir()
        for index, scene in enumerate(scenes(args.image_size, args.people, 10)):
            cv2.imwrite(str(calibration / f'{index}.png'), scene)
        report['latency'] = {}
        for name in args.models:
            title, report['latency'][name] = compare(name, calibration, Path(folder), args)
            print_table(title, report['latency'][name])
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
