"""``litepose webcam``: people on a camera, a stream, a video or a folder, as frames come."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from ..argument_types import positive_int
from ..estimator_arguments import add_pipeline_arguments, make_pipeline_estimator
from ..one_line_warnings import one_line_warnings
from ..page_arguments import add_public_host

if TYPE_CHECKING:
    from ...realtime import JsonLinesOutput, RealTimePipeline, Shown, Source, VideoOutput
    from ...realtime.page import Page
    from ...realtime.view import View
    from ...realtime.window import Window

HELP = 'find and follow people on a camera, a stream, a video or a folder of pictures'
_PORT = 8000
_STATUS_SECONDS = 5.0
_SILENCE = 2.0  # seconds without a frame until a window says so
_KEYS_SECONDS = 0.05  # between looks for a key while no frame comes
_LINGER_SECONDS = 0.05  # between them when all was shown
_PAUSED_MILLISECONDS = 100  # that a look for a key takes then
# What keys switch on and off.
_SWITCHES = {' ': 'paused', 'm': 'mirrored', 'i': 'ids', 'h': 'status'}

_KEYS = """keys: q or Escape quits, space pauses, s saves a picture, v goes on to
what else the model gives, m mirrors, i shows ids, h hides the status"""


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
        '--pictures', default='.', metavar='DIR', help='where the key s saves (default: here)'
    )


@one_line_warnings()
def run(args: argparse.Namespace) -> int:
    """Shows what comes until it ends; returns the exit status."""
    from ...errors import LitePoseError
    from ...realtime import JsonLinesOutput, RealTimePipeline, VideoOutput, open_source
    from ...realtime.view import View, notice, status_lines
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
            show = _Show(args, pipeline, view, screen, video, lines)
            if show.run() and not (source.is_live or written_to):
                statistics = pipeline.statistics()
                show.linger()
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


class _Show:
    """What becomes of the frames: draws, shows and writes them, and does what keys say."""

    def __init__(
        self,
        args: argparse.Namespace,
        pipeline: RealTimePipeline,
        view: View,
        screen: Page | Window | None,
        video: VideoOutput | None,
        lines: JsonLinesOutput | None,
    ) -> None:
        self.args, self.pipeline, self.view = args, pipeline, view
        self.screen, self.video, self.lines = screen, video, lines
        self.shown: Shown | None = None
        self.drawing: Any = None
        self.came_at = self.told_at = monotonic()

    def run(self) -> bool:
        """Returns whether it was all, rather than that the viewer wanted no more."""
        left = self.args.max_frames
        for shown in self.pipeline.poll(_KEYS_SECONDS):
            goes_on = self.wait() if shown is None else self.take(shown)
            if left is not None and shown is not None:
                left -= 1
            if not goes_on or left == 0:
                return False
        return True

    def linger(self) -> None:
        """Shows what came last for as long as somebody wants to see it."""
        if self.screen is None or self.shown is None:
            return
        _tell('that was all; q or Ctrl-C ends')
        while self.look():
            sleep(_LINGER_SECONDS)

    def take(self, shown: Shown) -> bool:
        """Shows and writes a frame; returns whether to go on."""
        from ...realtime.view import status_lines

        self.came_at, self.shown = monotonic(), shown
        if self.lines is not None:
            self.lines.write(shown.frame, shown.result)
        if self.screen is not None or self.video is not None:
            self.drawing = self.pipeline.timed('drawing', self.draw, self.view)
        if self.video is not None:
            self.video.write(shown.frame, self.drawing)
        if self.screen is not None:
            return self.look()
        status = status_lines(self.pipeline.statistics())
        self.tell_sometimes(f'{len(shown.result)} people, {status[0]}')
        return True

    def wait(self) -> bool:
        """Says so when nothing has come for long; returns whether to go on."""
        from ...realtime.view import notice

        silence, name = monotonic() - self.came_at, self.pipeline.source.name
        message = f'nothing new from {name} for {silence:.0f} s'
        if self.screen is None:
            if silence > _STATUS_SECONDS:
                self.tell_sometimes(message)
            return True
        if silence > _SILENCE:
            return self.look(notice(message, self.drawing))
        return self.look(notice(f'waiting for {name}') if self.shown is None else None)

    def draw(self, view: View) -> Any:
        """What came last, drawn."""
        return view.draw(self.shown, self.pipeline.estimator, self.pipeline.statistics())

    def look(self, picture: Any = None) -> bool:
        """Shows what was drawn last, or another picture, for as long as it is paused.

        Does what keys say, and returns whether to go on.
        """
        while True:
            waits = _PAUSED_MILLISECONDS if self.view.paused else 1
            key = self.screen.show(self.drawing if picture is None else picture, waits)
            if key in ('q', 'escape'):
                return False
            if key is not None:
                self.press(key)
            if not self.view.paused:
                return True

    def press(self, key: str) -> None:
        """Does what a key says that does not end it all."""
        view = self.view
        if key == 's':
            self.save()
            return
        if key == 'v':
            view.next_mode(('skeletons', *self.pipeline.estimator.panel_names))
        elif key in _SWITCHES:
            setattr(view, _SWITCHES[key], not getattr(view, _SWITCHES[key]))
        if self.shown is not None:
            self.drawing = self.draw(view)

    def save(self) -> None:
        """Saves a picture under a name that is free."""
        from ...errors import LitePoseError
        from ...media import write_image

        if self.shown is None:
            _tell('there is nothing to save yet')
            return
        stem = f'litepose_{self.shown.frame.number:06}'
        names = (f'{stem}{f"_{again}" if again else ""}.png' for again in count())
        path = next(path for name in names if not (path := Path(self.args.pictures, name)).exists())
        try:
            write_image(path, self.draw(replace(self.view, paused=False)))
            _tell(f'saved {path}')
        except LitePoseError as error:
            _tell(str(error))

    def tell_sometimes(self, line: str) -> None:
        if monotonic() - self.told_at > _STATUS_SECONDS:
            self.told_at = monotonic()
            _tell(line)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(
            f'expected a port, e.g. {_PORT}, got {text!r}; what is read comes before --page'
        )
    return int(text)


def _tell(line: str) -> None:
    print(f'litepose: {line}', file=sys.stderr, flush=True)
