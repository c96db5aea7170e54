"""Measure a top-down model on all people of an image in one batch, and in a call for each.

Both take the same boxes of the same image, from the image to its people, in turns within one run.
Weights are random, on which neither depends.
"""

import argparse
import tempfile
import warnings
from pathlib import Path

import cv2
import numpy as np
from reporting import Rows, environment, print_table
from timing import in_turns

from litepose_mm.apis.model_building import build_model
from litepose_mm.datasets.synthetic import SceneOptions, make_scene
from litepose_mm.deploy import export_model
from litepose_mm.media import write_json
from litepose_mm.runtime import PoseEstimator

CONFIGS = (
    'td-hm_litepose-s_8xb64-210e_coco-256x192',
    'simcc_litepose-s_8xb64-210e_coco-256x192',
    'rtmcc_litepose-s_8xb64-210e_coco-256x192',
)
SIZE = (640, 480)


def boxes_of(people: int) -> np.ndarray:
    """Boxes of standing people, 80 to 300 pixels high, anywhere on the image."""
    random = np.random.default_rng(0)
    height = random.uniform(80, 300, people)
    left, top = (random.uniform(0, side - own) for side, own in zip(SIZE, (height / 2, height)))
    return np.stack([left, top, left + height / 2, top + height], axis=1)


def compare(estimator: PoseEstimator, image: np.ndarray, people: int, rounds: int) -> dict:
    """Measure one model with one number of people."""
    boxes = boxes_of(people)
    prepared = estimator.prepare(image, boxes)
    outputs = estimator.infer(prepared)
    ways = (
        lambda: estimator(image, boxes),
        lambda: [estimator(image, boxes[i : i + 1]) for i in range(people)],
        lambda: estimator.prepare(image, boxes),
        lambda: estimator.infer(prepared),
        lambda: estimator.finish(prepared, outputs),
    )
    together, apart, *parts = (1e3 * np.median(in_turns(ways, rounds), axis=0)).tolist()
    return dict(
        people=people,
        one_batch_ms=together,
        calls_ms=apart,
        calls_to_batch=apart / together,
        **dict(zip(('crops_ms', 'network_ms', 'decoding_ms'), parts)),
    )


def measure(configs: list[str], engines: list[str], args: argparse.Namespace) -> Rows:
    image = make_scene(SceneOptions(SIZE), seed=0, index=0).image
    rows = []
    for config in configs:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            network = build_model(config, flip_test=False, device='cpu')
        for engine in engines:
            with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
                warnings.simplefilter('ignore')
                export_model(network, None, folder, engine=engine)
                estimator = PoseEstimator(folder, threads=args.threads)
            rows += [
                dict(
                    head=config.partition('_')[0],
                    engine=engine,
                    **compare(estimator, image, people, args.rounds),
                )
                for people in args.people
            ]
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--configs', nargs='+', default=CONFIGS)
    parser.add_argument('--engines', nargs='+', default=['onnxruntime', 'openvino'])
    parser.add_argument('--people', type=int, nargs='+', default=[1, 5, 10])
    parser.add_argument('--threads', type=int, default=2)
    parser.add_argument('--rounds', type=int, default=20)
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    cv2.setNumThreads(args.threads)
    report = dict(environment=environment(args.threads, args.rounds))
    print(report['environment'])
    report['people'] = measure(args.configs, args.engines, args)
    print_table('all people in one batch, and one call for each', report['people'])
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
