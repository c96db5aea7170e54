"""``litepose webcam``: people on a camera, a stream, a video or a folder, as frames come."""

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

if TYPE_CHECKING:
    from ...realtime import Source
    from ...realtime.page import Page
    from ...realtime.window import Window

HELP = 'find and follow people on a camera, a stream, a video or a folder of images'
_PORT = 8000

_KEYS = """keys: q or Escape quits, space pauses, s saves an image, v goes on to
what else the model gives, m mirrors, i shows ids, h hides the status"""


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
    parser.add_argument('--no-track', action='store_true', help='no ids and no smoothing')
    parser.add_argument(
        '--live',
        action='store_true',
        help='play a video file as if it were a camera: at its speed, late frames are dropped',
    )
    parser.add_argument('--max-frames', type=positive_int, metavar='N', help='stop after so many')
    output = parser.add_argument_group('output')
    screen = output.add_mutually_exclusive_group()
    screen.add_argument(
        '--page',
        nargs='?',
        type=_port,
        const=_PORT,
        metavar='PORT',
        help="show it in this machine's browser instead of a window "
        f'(default: http://localhost:{_PORT})',
    )
    screen.add_argument('--no-display', action='store_true', help='open no window')
    add_public_host(output)
    output.add_argument('--out', metavar='FILE', help='write a video of what is shown')
    output.add_argument('--jsonl', metavar='FILE', help='write people, a line of JSON a frame')
    output.add_argument(
        '--view',
        default='skeletons',
        metavar='NAME',
        help='skeletons (default), or what else the model gives, such as heatmaps or tags',
    )
    output.add_argument('--mirror', action='store_true', help='as in a mirror')
    output.add_argument(
        '--images', default='.', metavar='DIR', help='where the key s saves (default: here)'
    )


@one_line_warnings()
def run(args: argparse.Namespace) -> int:
    """Shows what comes until it ends; returns the exit status."""
    from ...errors import LitePoseError
    from ...realtime import JsonLinesOutput, RealTimePipeline, VideoOutput, open_source
    from ...realtime.view import View, notice, status_lines
    from ...realtime.viewer import Viewer
    from ...tracking import PoseTracker

    view = View(args.view, mirrored=args.mirror)
    source = open_source(args.source, _tell, args.live)
    _check_outputs(args, source)
    status = statistics = None
    written_to = args.out or args.jsonl
    with ExitStack() as stack:
        # before the model, which takes seconds
        screen = None if args.no_display else stack.enter_context(_open_screen(args, source))
        if screen is not None:
            screen.show(notice(f'loading {args.model}'))
        estimator = make_pipeline_estimator(args)
        modes = ('skeletons', *estimator.panel_names)
        if view.mode not in modes:
            raise LitePoseError(f'--view: expected one of {", ".join(modes)}, got {view.mode!r}')
        tracker = None if args.no_track else PoseTracker()
        pipeline = stack.enter_context(RealTimePipeline(source, estimator, tracker, args.min_score))
        # Entered last, so finished first: a camera may take long to end.
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
        except KeyboardInterrupt:
            status = 130
        except SystemExit as stop:  # SIGTERM
            status = stop.code
    written = [str(output.path) for output in (video, lines) if output and output.path]
    statistics = statistics or pipeline.statistics()
    end = f'; wrote {", ".join(written)}' if written else ''
    if statistics.num_frames:
        count = f'{statistics.num_frames} frame{"s" if statistics.num_frames > 1 else ""}'
        print(f'{count}, {"; ".join(status_lines(statistics))}{end}')
    if status is not None:
        return status
    return 1 if source.num_failed else 0


def _check_outputs(args: argparse.Namespace, source: Source) -> None:
    """Makes sure that every file can be written, and that none replaces what is read.

    Raises:
        LitePoseError: One cannot, or would.
    """
    from ...errors import LitePoseError
    from ...media import video_path
    from ...utils.files import check_writable

    for path in filter(None, (args.out, args.jsonl)):
        check_writable(path)
    videos = [video_path(args.out)] if args.out else []
    for path in [*videos, *([Path(args.jsonl)] if args.jsonl else [])]:
        if path.exists() and any(path.samefile(file) for file in source.files if file.exists()):
            raise LitePoseError(f'{path} would replace what is read from there; take another name')
    if args.jsonl and Path(args.jsonl).resolve() in [path.resolve() for path in videos]:
        raise LitePoseError(f'--out and --jsonl are the same file, {args.jsonl}; take two names')


def _open_screen(args: argparse.Namespace, source: Source) -> Page | Window:
    """A window; the page where that was asked for, or where there can be no window.

    Raises:
        LitePoseError: The page's port is taken.
    """
    from ...errors import LitePoseError
    from ...realtime.page import Page

    if args.page is None:
        from ...realtime.window import Window

        try:
            return Window(f'litepose: {source.name}')
        except LitePoseError as error:
            _tell(f'{error}; a page in the browser takes its place')
    page = Page(_PORT if args.page is None else args.page, args.public_host)
    _tell(f'{page.address} (this machine only); Ctrl-C ends')
    return page


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f'expected a port, e.g. {_PORT}, got {text!r}; what is read comes before --page'
        )
    return int(text)


def _tell(line: str) -> None:
    print(f'litepose: {line}', file=sys.stderr, flush=True)
