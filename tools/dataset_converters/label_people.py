"""Label the people in a folder of images with a trained model, to train another model on them.

The result is an annotation file in COCO's form with the model's keypoints. The visibility of each
keypoint is the probability that it is right, which training uses as the height of its Gaussian. The
probability is estimated from ``--annotations`` of some of the images, which also replace what the
model finds there; their keypoints are matched by name and may differ from the model's. Without
annotations, the visibility is the model's score.

The results of each image are saved beside the file (``*.labels.jsonl``), so that the same command
continues an interrupted run, and a run with other annotations does not process images again.

Example::

    python tools/dataset_converters/label_people.py data/people/images data/people/train.json \\
        --model litepose-m_crowdpose --weights checkpoints/litepose-m_crowdpose.pth \\
        --short-side 640 --flip --annotations data/people/annotated.json
"""

import argparse
import os
import sys
from pathlib import Path

import numpy as np

from litepose_mm.annotations.values import image_path
from litepose_mm.cli.estimator_arguments import add_estimator_arguments, make_pipeline_estimator
from litepose_mm.cli.one_line_warnings import one_line_warnings
from litepose_mm.cli.programs import run_tool
from litepose_mm.cli.reporter import Reporter
from litepose_mm.datasets.labelling import Calibration, KeptResults, make_document
from litepose_mm.errors import LitePoseError
from litepose_mm.evaluation.functional.average_precision import Truth
from litepose_mm.inference.base import BaseEstimator
from litepose_mm.media import MediaFile, find_media, write_json
from litepose_mm.structures import Skeleton
from litepose_mm.utils.files import check_writable, sha256

_SHOWN_SCORES = (0.1, 0.2, 0.3, 0.5, 0.7)


def find_images(folder: Path) -> dict[str, MediaFile]:
    """Find the images in a folder and its subfolders, by their relative paths."""
    if not folder.is_dir():
        raise LitePoseError(f'{folder}: expected a folder of images, got no such folder')
    files = [file for file in find_media([folder], recursive=True) if not file.is_video]
    if not files:
        raise LitePoseError(f'{folder}: expected images, got only videos')
    return {file.path.relative_to(folder).as_posix(): file for file in files}


def load_truth(path: Path, folder: Path, images: dict[str, MediaFile], skeleton: Skeleton) -> Truth:
    """Load the annotations and make the names of their images relative to the folder."""
    truth = Truth.load(path, skeleton)
    for image in truth.document['images']:
        name = Path(os.path.relpath(image_path(folder, image['file_name']), folder)).as_posix()
        if name not in images:
            raise LitePoseError(
                f'{path}: expected the annotated images in {folder}, but {name} is missing; add '
                'it, or remove it from the annotations'
            )
        image['file_name'] = name
    return truth


def maker_of(args: argparse.Namespace, estimator: BaseEstimator) -> dict:
    """Return everything that determines the results."""
    weights = estimator.weights_file
    if weights is None:
        raise LitePoseError('expected a trained model, got random weights; give --weights')
    return dict(
        model=args.model,
        weights_sha256=sha256(weights, 'weights'),
        short_side=estimator.short_side,
        flip=bool(args.flip),
        config_options=[f'{key}={value}' for key, value in args.config_options],
    )


def label(images: dict[str, MediaFile], estimator: BaseEstimator, kept: KeptResults) -> Reporter:
    """Find the people in all images without saved results."""
    waiting = {name: file for name, file in images.items() if name not in kept}
    with Reporter(total=len(images)) as reporter:
        reporter.advance(len(images) - len(waiting))
        for name, file in waiting.items():
            try:
                result = estimator(file.path)
            except LitePoseError as error:
                reporter.fail(file, error)
            else:
                kept.add(name, result)
            reporter.advance()
    return reporter


def describe(calibration: Calibration) -> str:
    shares = calibration(np.array(_SHOWN_SCORES))
    each = ', '.join(f'{score} {share:.0%}' for score, share in zip(_SHOWN_SCORES, shares))
    return f'share of keypoints that are right, by score: {each}'


@one_line_warnings()
def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('images', type=Path, help='folder of images, including its subfolders')
    parser.add_argument('out', type=Path, help='annotation file to write (.json)')
    parser.add_argument(
        '--annotations',
        type=Path,
        metavar='FILE',
        help="keypoints of people in some of the images, in COCO's form",
    )
    add_estimator_arguments(parser)
    args = parser.parse_args()
    path = args.out.with_suffix('.labels.jsonl')
    for each in (args.out, path):
        check_writable(each)
    images = find_images(args.images)
    estimator = make_pipeline_estimator(args)
    skeleton, truth = estimator.skeleton, None
    if args.annotations is not None:
        truth = load_truth(args.annotations, args.images, images, skeleton)
    kept = KeptResults(path, maker_of(args, estimator), skeleton)
    try:
        reporter = label(images, estimator, kept)
    except KeyboardInterrupt:
        print(
            f'stopped after {len(kept)} of {len(images)} images; run the same command to continue'
        )
        return 130
    results = {name: kept[name] for name in images if name in kept}
    document, calibration = make_document(results, skeleton, truth)
    write_json(args.out, document)
    if calibration is not None:
        print(describe(calibration))
    people = sum(each['num_keypoints'] > 0 for each in document['annotations'])
    failed = f', {reporter.num_failed} could not be read' if reporter.num_failed else ''
    print(f'{args.out}: {len(results)} images{failed}, {people} people with keypoints')
    return 1 if reporter.num_failed else 0


if __name__ == '__main__':
    sys.exit(run_tool(main))
