"""Finds people on sample pictures and writes drawings and results to outputs/demo/.

    python demo/demo.py
    python demo/demo.py --input photos/ --weights litepose-m.pth --model litepose-m_crowdpose

Without ``--weights`` the authors' weights are used where they lie in the folder of shared inputs:
``../shared`` beside the repository, or the one the variable LITEPOSE_SHARED names. Without
``--input`` the sample pictures there, else a scene of synthetic people. Without any weights the
network is random, and the people of the drawn scene come from maps made of their true keypoints.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from litepose_mm import LitePoseError, PoseEstimator
from litepose_mm.cli import main as litepose
from litepose_mm.cli.coco_document import CocoDocument
from litepose_mm.media import IMAGE_SUFFIXES, VIDEO_SUFFIXES, write_image, write_json
from litepose_mm.resize import aligned_size, resize_align
from litepose_mm.zoo import MODELS

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get('LITEPOSE_SHARED') or REPOSITORY.parent / 'shared')
MODEL = 'litepose-m_crowdpose'
WEIGHTS = SHARED / 'weights' / 'litepose-auto-m_crowdpose_official.pth.tar'
SAMPLES = (SHARED / 'data' / 'coco_samples', SHARED / 'data' / 'crowdpose_samples')
OUT_DIR = Path('outputs/demo')


def main() -> int:
    """Runs the demo; returns the exit status."""
    args = parse_args()
    out_dir = Path(args.out_dir)
    if out_dir == OUT_DIR and args.input is None:
        clear(out_dir)
    at_hand = WEIGHTS if args.model == MODEL and WEIGHTS.is_file() else None
    weights = args.weights or at_hand
    if weights is None and args.input is None and args.model in MODELS:
        without_weights(args.model, args.device, out_dir)
        return 0
    command = ['predict', *map(str, args.input or sample_inputs(out_dir))]
    command += ['--model', args.model, '--out-dir', str(out_dir)]
    command += ['--weights', str(weights)] if weights else []
    command += ['--device', args.device] if args.device else []
    return litepose(command)


def parse_args() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--input', nargs='+', help='pictures, videos or folders')
    parser.add_argument('--model', default=MODEL, help='name in the zoo, or config')
    parser.add_argument('--weights', help='file with weights')
    parser.add_argument('--device', help='cpu, cuda … (default: cuda where it is)')
    parser.add_argument('--out-dir', default=str(OUT_DIR), help='where to write')
    return parser.parse_args()


def clear(out_dir: Path) -> None:
    """Removes the drawings and results of an earlier demo; other files and folders stay."""
    for path in out_dir.glob('*'):
        known = path.suffix.lower() in IMAGE_SUFFIXES | VIDEO_SUFFIXES
        if path.is_file() and (known or path.name == 'results.json'):
            path.unlink()


def sample_inputs(out_dir: Path) -> list[Path]:
    """Returns folders with sample pictures, or a drawn scene that is written below ``out_dir``."""
    present = [path for path in SAMPLES if path.is_dir() and any(path.glob('*.jpg'))]
    if present:
        return present
    print('no sample pictures at hand: using a drawn scene')
    path = out_dir / 'input' / 'drawn_scene.png'
    write_image(path, drawn_scene(())[0])
    return [path]


def without_weights(model: str, device: str | None, out_dir: Path) -> None:
    """Shows every step on a drawn scene, whose own keypoints stand in for a trained network's."""
    print('no weights at hand: this shows the pipeline on a drawn scene')
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # said above
        estimator = PoseEstimator(model, device=device, flip_test=False)
    names = estimator.skeleton.keypoint_names
    scene, truth = drawn_scene(names)
    path = out_dir / 'input' / 'drawn_scene.png'
    write_image(path, scene)

    estimator(scene)  # the first call is slow
    start = time.perf_counter()
    found = estimator(scene)
    print(
        f'1. {model} with random weights: {time.perf_counter() - start:.2f} s from picture to '
        f'people; {len(found)} people, which means nothing'
    )

    short_side = MODELS[model].input_size[0]
    maps = maps_of(truth, scene, short_side)
    estimator.model.head.forward = lambda feats: [level.to(feats[-1].device) for level in maps]
    result = estimator(scene)
    print(
        "2. the same with maps made from the drawing's own keypoints, because there are no weights:"
        f' {len(result)} people with {len(names)} keypoints each'
    )

    drawing = out_dir / path.name
    write_image(drawing, result.draw(scene))
    document = CocoDocument(estimator.skeleton, f"maps of the drawing's keypoints, not {model}")
    document.add(str(path), result)
    write_json(out_dir / 'results.json', document.to_dict())
    print(f'look at {drawing}; trained weights find real people: make demo WEIGHTS=file')


def maps_of(keypoints: np.ndarray, picture: np.ndarray, short_side: int) -> list:
    """Returns what a perfect head gives: heatmaps and tags at 1/4 of the input, heatmaps at 1/2.

    Args:
        keypoints: (N, K, 2) in pixels of the picture.
        picture: The picture; only its size counts.
        short_side: Of the network's input.
    """
    import torch

    from litepose_mm.codecs import MultiLevelAssociativeEmbedding
    from litepose_mm.recipes import ae_codec

    size = aligned_size(picture.shape[1::-1], short_side)
    resized = resize_align(picture, size)
    in_input = (keypoints - resized.center) / resized.zoom + np.array(size) / 2
    options = ae_codec(size)
    del options['type']
    codec = MultiLevelAssociativeEmbedding(**options)
    coarse, fine = codec.encode(in_input)['heatmaps']

    # Tags tell people apart: each pixel has that of the person whose keypoint is nearest.
    rows, columns = np.indices(coarse.shape[1:])
    x, y = np.moveaxis(in_input[..., None, None] / 4, 2, 0)
    tags = 2 * np.hypot(columns - x, rows - y).argmin(axis=0)
    levels = (np.concatenate([coarse, tags]), fine)
    return [torch.from_numpy(level.astype(np.float32))[None] for level in levels]


def drawn_scene(names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Returns a picture of synthetic people, BGR uint8, and their keypoints ``(N, K, 2)``."""
    from litepose_mm.datasets.synthetic import SceneOptions, make_scene, select_keypoints

    options = SceneOptions(
        (640, 448), people=(3, 4), stature=(0.5, 0.85), crowding=0.2, occluders=(0, 0)
    )
    scene = make_scene(options, seed=7, index=9)
    places = select_keypoints(names)
    return scene.image, np.array([person.keypoints[places] for person in scene.people])


if __name__ == '__main__':
    try:
        sys.exit(main())
    except LitePoseError as problem:
        sys.exit(f'demo: error: {problem}')
