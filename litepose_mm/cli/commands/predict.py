"""``litepose predict``: finds people on images and videos."""

from __future__ import annotations

import argparse
import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import LitePoseError
from ...zoo.shipped_weights import default_model
from ..argument_types import positive_int, share
from ..estimator_arguments import (
    add_detector,
    add_estimator_arguments,
    add_min_score,
    make_estimator,
)
from ..one_line_warnings import one_line_warnings
from ..programs import stop_status

if TYPE_CHECKING:
    from ...inference.box_file import BoxFile
    from ...media import MediaFile
    from ..prediction import Prediction

HELP = 'find people on images and videos; write drawings and a results.json'


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='INPUT',
        help="images, videos, folders of these, or patterns such as 'photos/*.jpg'",
    )
    group = add_estimator_arguments(parser, default_model())
    group.add_argument(
        '--batch-size',
        type=positive_int,
        default=1,
        metavar='N',
        help='number of images of the same size to process at once (default: 1)',
    )
    people = group.add_mutually_exclusive_group()
    add_detector(people)
    people.add_argument(
        '--boxes',
        metavar='FILE',
        help="people's boxes for a top-down --model: detections or annotations in COCO's format, "
        'or the results.json of another model',
    )
    group.add_argument(
        '--min-box-score',
        type=share,
        default=0.0,
        metavar='SCORE',
        help='leave out boxes of the file with a lower score (default: 0, none)',
    )
    parser.add_argument('--recursive', action='store_true', help='search subfolders too')
    output = parser.add_argument_group('output')
    output.add_argument(
        '--out-dir', default='outputs', metavar='DIR', help='output folder (default: outputs)'
    )
    add_min_score(output)
    output.add_argument(
        '--no-draw', action='store_true', help='write only results.json, without drawings'
    )
    output.add_argument(
        '--keypoint-threshold',
        type=share,
        default=0.2,
        metavar='SCORE',
        help='do not draw keypoints with a lower score (default: 0.2)',
    )
    output.add_argument(
        '--color-by',
        choices=('link', 'person'),
        default='link',
        help='choose colours that tell left from right (link, the default) or people apart '
        '(person)',
    )


@one_line_warnings()
def run(args: argparse.Namespace) -> int:
    """Predicts every input; returns the exit status."""
    from ...media import find_media
    from ...utils.files import undisturbed
    from ..coco_document import CocoDocument
    from ..prediction import RESULTS_NAME, Prediction, check_targets
    from ..reporter import Reporter

    files = find_media(args.inputs, args.recursive)
    out_dir = Path(args.out_dir)
    check_targets(files, out_dir, draw=not args.no_draw)  # before loading the model for seconds
    boxes = _read_boxes(args, files)
    estimator = make_estimator(args, args.flip, args.batch_size)
    if boxes is not None and not estimator.takes_boxes:
        raise LitePoseError(f'--boxes: expected a top-down model, got {args.model}; leave it out')
    prediction = Prediction(
        estimator,
        CocoDocument(
            estimator.skeleton,
            args.model,
            estimator.weights_file,
            getattr(estimator, 'card', None),
        ),
        out_dir,
        draw=not args.no_draw,
        min_score=args.min_score,
        keypoint_threshold=args.keypoint_threshold,
        color_by=args.color_by,
        boxes=boxes,
    )
    stopped: KeyboardInterrupt | SystemExit | None = None
    results: Path | None = None
    reporter = Reporter(total=_count_frames(files))
    with reporter:
        try:
            prediction.run(files, reporter)
        except (KeyboardInterrupt, SystemExit) as stop:  # Ctrl-C, SIGTERM
            stopped = stop
        finally:
            with undisturbed():
                results = prediction.write_results(reporter)
    print(_summary(files, prediction, reporter.num_failed, stopped is not None, results))
    if stopped is not None:
        return stop_status(stopped)
    is_lost = prediction.document.num_images and results != out_dir / RESULTS_NAME
    return 1 if reporter.num_failed or is_lost else 0


def _read_boxes(args: argparse.Namespace, files: list[MediaFile]) -> BoxFile | None:
    from ...inference.box_file import BoxFile

    if args.boxes is None:
        return None
    videos = [file.path for file in files if file.is_video]
    if videos:
        raise LitePoseError(f'--boxes: expected images only, got the video {videos[0]}')
    boxes = BoxFile(args.boxes, args.min_box_score)
    boxes.check_images([file.path for file in files])
    return boxes


def _count_frames(files: list[MediaFile]) -> int:
    """Returns the approximate number of images and frames; 0 if a video does not state it."""
    from ...media import VideoReader

    total = 0
    for file in files:
        count = 1
        if file.path.is_fifo():
            return 0
        if file.is_video:
            try:
                with closing(VideoReader(file.path)) as reader:
                    count = reader.frame_count
            except LitePoseError:  # reported when its turn comes
                continue
            if count == 0:
                return 0
        total += count
    return total


def _summary(
    files: list[MediaFile],
    prediction: Prediction,
    failed: int,
    interrupted: bool,
    results: Path | None,
) -> str:
    document = prediction.document
    images = 'frame' if all(file.is_video for file in files) else 'image'
    problems = f'; {failed} of {len(files)} inputs failed' if failed else ''
    drawings = _count(prediction.num_drawings, 'drawing')
    wrote = [f'{drawings} in {prediction.out_dir}{os.sep}'] if prediction.num_drawings else []
    wrote += [f'results in {results}'] if results else []
    return (
        f'{"interrupted: " if interrupted else ""}'
        f'{_count(document.num_people, "person", "people")} on '
        f'{_count(document.num_images, images)}{problems}\n'
        f'wrote {", ".join(wrote) or "nothing"}'
    )


def _count(number: int, one: str, many: str | None = None) -> str:
    return f'{number} {one if number == 1 else many or one + "s"}'
