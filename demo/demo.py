"""Finds people on sample pictures and writes drawings and results to outputs/demo/.

    python demo/demo.py
    python demo/demo.py --input photos/ --weights litepose-m.pth --model litepose-m_crowdpose

Without ``--weights`` the authors' weights are used where they lie beside the repository; without
``--input`` the sample pictures there, else a scene drawn by this file.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import cv2
import numpy as np

from litepose_mm import LitePoseError, PoseEstimator
from litepose_mm.cli.coco_document import CocoDocument
from litepose_mm.cli.commands.predict import MIN_SCORE
from litepose_mm.cli.prediction import Prediction
from litepose_mm.cli.reporter import Reporter
from litepose_mm.media import find_media, write_image

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / 'shared'
MODEL = 'litepose-m_crowdpose'
WEIGHTS = SHARED / 'weights' / 'litepose-auto-m_crowdpose_official.pth.tar'
SAMPLES = (SHARED / 'data' / 'coco_samples', SHARED / 'data' / 'crowdpose_samples')


def main() -> int:
    """Runs the demo; returns the exit status."""
    args = parse_args()
    at_hand = WEIGHTS if args.model == MODEL and WEIGHTS.is_file() else None
    weights = args.weights or at_hand
    if weights is None:
        print('no weights at hand: this shows the pipeline with a random network, not real people')
    files = find_media(args.input or sample_inputs(Path(args.out_dir)))
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # said above
        estimator = PoseEstimator(args.model, weights, device=args.device)
    document = CocoDocument(estimator.skeleton, args.model, weights)
    prediction = Prediction(estimator, document, args.out_dir, min_score=MIN_SCORE)
    prediction.check_targets(files)
    with Reporter(total=len(files)) as reporter:
        prediction.run(files, reporter)
    prediction.write_results()
    print(f'{document.num_people} people on {document.num_images} pictures')
    print(f'look at the drawings in {prediction.out_dir}, results in {prediction.results_path}')
    return 1 if reporter.num_failed else 0


def parse_args() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--input', nargs='+', help='pictures, videos or folders')
    parser.add_argument('--model', default=MODEL, help='name in the zoo, or config')
    parser.add_argument('--weights', help='file with weights')
    parser.add_argument('--device', help='cpu, cuda … (default: cuda where it is)')
    parser.add_argument('--out-dir', default='outputs/demo', help='where to write')
    return parser.parse_args()


def sample_inputs(out_dir: Path) -> list[Path]:
    """Returns folders with sample pictures, or a drawn scene that is written below ``out_dir``."""
    present = [path for path in SAMPLES if path.is_dir() and any(path.glob('*.jpg'))]
    if present:
        return present
    print('no sample pictures at hand: using a drawn scene')
    scene = out_dir / 'input' / 'drawn_scene.png'
    write_image(scene, drawn_scene())
    return [scene]


def drawn_scene() -> np.ndarray:
    """Returns a picture (480, 640, 3) BGR uint8 of two simple figures on a lawn."""
    scene = np.linspace((235, 190, 150), (245, 235, 220), 480).astype(np.uint8)
    scene = np.repeat(scene[:, None], 640, axis=1)
    scene[330:] = (90, 160, 100)
    figure(scene, foot=(220, 430), height=330, shirt=(70, 70, 200), trousers=(110, 70, 50))
    figure(scene, foot=(430, 420), height=310, shirt=(190, 140, 60), trousers=(60, 60, 60))
    return cv2.GaussianBlur(scene, (0, 0), 0.8)


def figure(scene: np.ndarray, foot: tuple[int, int], height: int, shirt, trousers) -> None:
    """Draws a standing figure; positions are shares of its height above the feet."""
    skin = (150, 180, 225)

    def at(x: float, y: float) -> tuple[int, int]:
        return round(foot[0] + x * height), round(foot[1] - y * height)

    def limb(color, width: float, *points: tuple[float, float]) -> None:
        line = np.array([at(*point) for point in points])
        cv2.polylines(scene, [line], False, color, round(width * height), cv2.LINE_AA)

    for side in (-1, 1):
        limb(trousers, 0.09, (0.05 * side, 0.5), (0.06 * side, 0.27), (0.07 * side, 0.03))
        limb(shirt, 0.07, (0.12 * side, 0.8), (0.18 * side, 0.63))
        limb(skin, 0.05, (0.18 * side, 0.63), (0.2 * side, 0.47))
    body = np.array([at(-0.13, 0.83), at(0.13, 0.83), at(0.1, 0.47), at(-0.1, 0.47)])
    cv2.fillConvexPoly(scene, body, shirt, cv2.LINE_AA)
    limb(skin, 0.06, (0, 0.82), (0, 0.88))
    cv2.ellipse(scene, at(0, 0.93), (round(0.055 * height), round(0.075 * height)), 0, 0, 360,
                skin, -1, cv2.LINE_AA)  # fmt: skip


if __name__ == '__main__':
    try:
        sys.exit(main())
    except LitePoseError as problem:
        sys.exit(f'demo: error: {problem}')
