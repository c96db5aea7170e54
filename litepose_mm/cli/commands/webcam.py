"""``litepose webcam``: finds people on a camera, stream, video or folder in real time."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..argument_types import positive_int
from ..estimator_arguments import add_pipeline_arguments, make_pipeline_estimator
from ..one_line_warnings import one_line_warnings
from ..page_arguments import add_public_host
from ..programs import stop_status

if TYPE_CHECKING:
    from ...realtime import Source
    from ...realtime.page import Page
    from ...realtime.window import Window

HELP = 'find and track people on a camera, a stream, a video or a folder of images'
_PORT = 8000

_KEYS = """keys: q or Escape quits, space pauses, s saves an image, v switches between skeletons
and maps, m mirrors, i toggles ids, h toggles the status"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    parser.epilog = _KEYS
    parser.add_argument(
        'source',
        nargs='?',
        default='0',
        help='number of a camera (default: 0), address of a stream, video file, image or folder',
    )
    add_pipeline_arguments(parser)
    parser.add_argument(
        '--detect-every',
        type=positive_int,
        default=10,
        metavar='N',
        help='run the --detector on every Nth frame; in between, people get boxes around their '
        'last keypoints (default: 10)',
    )
    parser.add_argument(
        '--no-track', action='store_true', help='do not assign ids or smooth keypoints'
    )
    parser.add_argument(
        '--live',
        action='store_true',
        help='play a video file like a camera, at its own speed, and drop late frames',
    )
    parser.add_argument(
        '--max-frames', type=positive_int, metavar='N', help='stop after this many frames'
    )
    output = parser.add_argument_group('output')
    screen = output.add_mutually_exclusive_group()
    screen.add_argument(
        '--page',
        nargs='?',
        type=_port,
        const=_PORT,
        metavar='PORT',
        help="show the frames in this machine's browser instead of a window "
        f'(default: http://localhost:{_PORT})',
    )
    screen.add_argument('--no-display', action='store_true', help='do not open a window')
    add_public_host(output)
    output.add_argument('--out', metavar='FILE', help='write the drawings to a video')
    output.add_argument(
        '--jsonl', metavar='FILE', help='write the people of each frame as a line of JSON'
    )
    output.add_argument(
        '--view',
        default='skeletons',
        metavar='NAME',
        help='what to draw: skeletons (default), or maps of the model, such as heatmaps or tags',
    )
    output.add_argument('--mirror', action='store_true', help='mirror the frames')
    output.add_argument(
        '--images',
        default='.',
        metavar='DIR',
        help='folder in which the key s saves images (default: the current one)',
    )


@one_line_warnings()
def run(args: argparse.Namespace) -> int:
    """Shows frames until the source ends; returns the exit status."""
    from ...errors import LitePoseError
    from ...realtime import JsonLinesOutput, RealTimePipeline, VideoOutput, open_source
    from ...realtime.view import View, notice, status_lines
    from ...realtime.viewer import Viewer
    from ...tracking import PoseTracker

    view = View(args.view, mirrored=args.mirror)
    source = open_source(args.source, _tell, args.live)
    _check_outputs(args, source)
    stopped: KeyboardInterrupt | SystemExit | None = None
    statistics = None
    written_to = args.out or args.jsonl
    with ExitStack() as stack:
        screen = None
        if not args.no_display:  # opened before the model is loaded for seconds
            screen = _open_screen(args, source)
            stack.enter_context(screen)
            screen.show(notice(f'loading {args.model}'))
        estimator = make_pipeline_estimator(args, source.is_live)
        modes = ('skeletons', *estimator.panel_names)
        if view.mode not in modes:
            raise LitePoseError(f'--view: expected one of {", ".join(modes)}, got {view.mode!r}')
        tracker = None if args.no_track else PoseTracker()
        pipeline = stack.enter_context(RealTimePipeline(source, estimator, tracker, args.min_score))
        # Entered last and thus closed first, because a camera may take long to stop.
        video = stack.enter_context(VideoOutput(args.out, source)) if args.out else None
        lines = stack.enter_context(JsonLinesOutput(args.jsonl)) if args.jsonl else None
        try:
            viewer = Viewer(
                pipeline,
                view,
                screen=screen,
                video=video,
                lines=lines,
                tell=_tell,
                folder=args.images,
            )
            if viewer.run(args.max_frames) and not (source.is_live or written_to):
                statistics = pipeline.statistics()
                viewer.linger()
        except (KeyboardInterrupt, SystemExit) as stop:  # Ctrl-C, SIGTERM
            stopped = stop
    written = [str(output.path) for output in (video, lines) if output and output.path]
    statistics = statistics or pipeline.statistics()
    end = f'; wrote {", ".join(written)}' if written else ''
    if statistics.num_frames:
        count = f'{statistics.num_frames} frame{"s" if statistics.num_frames > 1 else ""}'
        print(f'{count}, {"; ".join(status_lines(statistics))}{end}')
    if stopped is not None:
        return stop_status(stopped)
    return 1 if source.num_failed else 0


def _check_outputs(args: argparse.Namespace, source: Source) -> None:
    """Checks that every output can be written, and that none would replace an input.

    Raises:
        LitePoseError: An output cannot be written, or would replace an input.
    """
    from ...errors import LitePoseError
    from ...media import video_path
    from ...utils.files import check_writable

    for path in filter(None, (args.out, args.jsonl)):
        check_writable(path)
    videos = [video_path(args.out)] if args.out else []
    for path in [*videos, *([Path(args.jsonl)] if args.jsonl else [])]:
        if path.exists() and any(path.samefile(file) for file in source.files if file.exists()):
            raise LitePoseError(f'{path} would replace an input; choose another name')
    if args.jsonl and Path(args.jsonl).resolve() in [path.resolve() for path in videos]:
        raise LitePoseError(
            f'--out and --jsonl: expected different files, got {args.jsonl} for both'
        )


def _open_screen(args: argparse.Namespace, source: Source) -> Page | Window:
    """Opens a window, or a page if it was requested or if no window can be opened.

    Raises:
        LitePoseError: The page's port cannot be used.
    """
    from ...errors import LitePoseError
    from ...realtime.page import Page

    if args.page is None:
        from ...realtime.window import Window

        try:
            return Window(f'litepose: {source.name}')
        except LitePoseError as error:
            _tell(f'{error}; a page in the browser is used instead')
    page = Page(_PORT if args.page is None else args.page, args.public_host)
    _tell(f'{page.address} (this machine only); press Ctrl-C to quit')
    return page


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f'expected a port, e.g. {_PORT}, got {text!r}; put the source before --page'
        )
    return int(text)


def _tell(line: str) -> None:
    print(f'litepose: {line}', file=sys.stderr, flush=True)
