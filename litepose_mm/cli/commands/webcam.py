"""``litepose webcam``: people on a camera, a stream, a video or a folder, as frames come."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..argument_types import positive_int
from ..estimator_arguments import add_pipeline_arguments, make_pipeline_estimator

if TYPE_CHECKING:
    from ...picture_estimator import PictureEstimator
    from ...realtime import RealTimePipeline, Shown
    from ...realtime.view import View

HELP = 'find and follow people on a camera, a stream, a video or a folder of pictures'
_STATUS_SECONDS = 5.0

_KEYS = """keys: q or Escape quits, space pauses, s saves a picture, v goes on to heatmaps and tags,
m mirrors, i shows ids, h hides the status"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.epilog = _KEYS
    parser.add_argument(
        'source',
        nargs='?',
        default='0',
        help='number of a camera (default: 0), address of a stream, video file, picture or folder',
    )
    add_pipeline_arguments(parser)
    parser.add_argument('--no-track', action='store_true', help='no ids and no smoothing')
    parser.add_argument(
        '--live',
        action='store_true',
        help='play a video file as if it were a camera: at its speed, late frames are dropped',
    )
    parser.add_argument('--max-frames', type=positive_int, metavar='N', help='stop after so many')
    output = parser.add_argument_group('output')
    output.add_argument('--no-display', action='store_true', help='open no window')
    output.add_argument('--out', metavar='FILE', help='write a video of what is shown')
    output.add_argument('--jsonl', metavar='FILE', help='write people, a line of JSON a frame')
    output.add_argument('--view', default='skeletons', help='skeletons (default), heatmaps or tags')
    output.add_argument('--mirror', action='store_true', help='as in a mirror')
    output.add_argument(
        '--pictures', default='.', metavar='DIR', help='where the key s saves (default: here)'
    )


def run(args: argparse.Namespace) -> int:
    """Shows what comes until it ends; returns the exit status."""
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    import cv2

    from ...files import check_writable
    from ...realtime import JsonLinesOutput, RealTimePipeline, VideoOutput, open_source
    from ...realtime.view import View, status_lines
    from ...realtime.window import Window
    from ...tracking import PoseTracker

    cv2.setLogLevel(0)
    view = View(args.view, mirrored=args.mirror)
    for path in filter(None, (args.out, args.jsonl)):
        check_writable(path)
    source = open_source(args.source, _tell, args.live)
    estimator = make_pipeline_estimator(args)
    tracker = None if args.no_track else PoseTracker()
    interrupted = False
    with ExitStack() as stack:
        window = None
        if not args.no_display:
            window = stack.enter_context(Window(f'litepose: {source.name}'))
        video = stack.enter_context(VideoOutput(args.out, source.fps)) if args.out else None
        lines = stack.enter_context(JsonLinesOutput(args.jsonl)) if args.jsonl else None
        pipeline = stack.enter_context(RealTimePipeline(source, estimator, tracker, args.min_score))
        try:
            _show(args, pipeline, estimator, view, window, video, lines)
        except KeyboardInterrupt:
            interrupted = True
    written = [str(output.path) for output in (video, lines) if output is not None]
    statistics = pipeline.statistics()
    end = f'; wrote {", ".join(written)}' if written else ''
    print(f'{statistics.num_frames} frames, {"; ".join(status_lines(statistics))}{end}')
    return 130 if interrupted else 0


def _show(
    args: argparse.Namespace,
    pipeline: RealTimePipeline,
    estimator: PictureEstimator,
    view: View,
    window: Any,
    video: Any,
    lines: Any,
) -> None:
    from ...realtime.view import status_lines

    told = monotonic()
    for count, shown in enumerate(pipeline, start=1):
        statistics = pipeline.statistics()
        if lines is not None:
            lines.write(shown.frame, shown.result)
        if window is not None or video is not None:
            drawing = view.draw(shown, estimator, statistics)
            if video is not None:
                video.write(shown.frame, drawing)
            if window is not None and not _keys(args, shown, drawing, view, window.show):
                return
        if window is None and monotonic() - told > _STATUS_SECONDS:
            told = monotonic()
            _tell(f'{len(shown.result)} people, {status_lines(statistics)[0]}')
        if count == args.max_frames:
            return


def _keys(
    args: argparse.Namespace,
    shown: Shown,
    drawing: Any,
    view: View,
    show: Callable[..., str | None],
) -> bool:
    """Does what the viewer wants; returns whether to go on."""
    from ...media import write_image

    key = show(drawing)
    while key == ' ':  # until it is pressed again, or another key
        while (key := show(drawing, 100)) is None:
            pass
        if key == ' ':
            break
    if key in ('q', 'escape'):
        return False
    if key == 's':
        path = Path(args.pictures) / f'litepose_{shown.frame.number:06}.png'
        write_image(path, drawing)
        _tell(f'saved {path}')
    elif key == 'v':
        view.next_mode()
    elif key == 'm':
        view.mirrored = not view.mirrored
    elif key == 'i':
        view.ids = not view.ids
    elif key == 'h':
        view.status = not view.status
    return True


def _tell(line: str) -> None:
    print(f'litepose: {line}', file=sys.stderr)
