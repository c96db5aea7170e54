"""The command ``litepose``. Every module of ``cli/commands/`` is a sub-command.

Such a module has ``HELP`` (one line), ``configure(parser)``, which adds its arguments, and
``run(args) -> int``, which returns the exit status. It imports heavy packages inside ``run``.
"""

from __future__ import annotations

import argparse
import math
import os
import pkgutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

from ..version import __version__
from . import commands
from .programs import one_line, prepare_streams

_EPILOG = (
    'exit status: 0 success, 1 some inputs failed or an exported model differs from torch, '
    '2 bad usage or input, 130 interrupted'
)
# Time that files and threads may need to close before another signal ends the process.
_CLOSING_SECONDS = 10.0


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        argv: The command's arguments; those of the process by default.

    Returns:
        The exit status: 0 for success, 1 if some inputs failed or an exported model differs from
        torch, 2 for bad usage or input as a whole, 130 if interrupted.
    """
    prepare_streams()
    # Messages of OpenCV and FFmpeg about broken files would only repeat ours. Both read these
    # variables when they are imported.
    os.environ.setdefault('OPENCV_LOG_LEVEL', 'SILENT')
    os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
    parser = build_parser()
    try:
        args = parser.parse_args(argv)
    except SystemExit as stop:  # argparse has printed the reason
        return int(stop.code or 0)
    try:
        with _cleaning_up_when_stopped():
            status = args.run(args)
            sys.stdout.flush()  # raises BrokenPipeError here if a pipe was closed
            return status
    except ModuleNotFoundError as error:
        if (error.name or 'litepose_mm').startswith('litepose_mm'):
            raise  # a bug of this package
        return _fail(
            f'{error.name} is needed but not installed: pip install "litepose_mm[runtime]" for '
            'the models of the package, else see docs/install.md'
        )
    except KeyboardInterrupt:
        print('litepose: interrupted', file=sys.stderr)
        return 130
    except BrokenPipeError:  # e.g. `litepose models | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # avoids an error at exit
        return 0
    except Exception as error:
        line = one_line(error)
        if line is None:
            raise
        return _fail(line)


@contextmanager
def _cleaning_up_when_stopped() -> Iterator[None]:
    """Makes SIGTERM clean up like Ctrl-C, so that no incomplete file is left.

    Further signals while files and threads are being closed, from an impatient user or from a
    shell that signals twice, are ignored.
    """
    if threading.current_thread() is not threading.main_thread():  # only that may set handlers
        yield
        return
    stopped_at = -math.inf
    end: BaseException | None = None

    def stop(number: int, frame: object) -> None:
        nonlocal stopped_at, end
        if time.monotonic() - stopped_at < _CLOSING_SECONDS:
            return
        stopped_at = time.monotonic()
        end = KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
        raise end

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    if before[signal.SIGINT] is signal.SIG_IGN:  # a shell has started it in the background
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    except Exception:
        if end is None:
            raise
        raise end from None  # a compiled module has turned the signal into an error of its own
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def build_parser() -> argparse.ArgumentParser:
    """Returns the parser with every sub-command in ``cli/commands/``."""
    parser = argparse.ArgumentParser(
        prog='litepose',
        description='Find people and their keypoints with LitePose and related models.',
        epilog=_EPILOG,
    )
    parser.add_argument('--version', action='version', version=f'litepose {__version__}')
    subparsers = parser.add_subparsers(
        dest='command', metavar='COMMAND', required=True, parser_class=_CommandParser
    )
    for info in pkgutil.iter_modules(commands.__path__):
        command = import_module(f'{commands.__name__}.{info.name}')
        subparser = subparsers.add_parser(
            info.name, help=command.HELP, description=command.HELP, epilog=_EPILOG
        )
        subparser.configure = command.configure
        subparser.set_defaults(run=command.run)
    return parser


class _CommandParser(argparse.ArgumentParser):
    """Adds its arguments when it is used, because some commands import packages for that."""

    configure: Callable[[argparse.ArgumentParser], None] | None = None

    def parse_known_args(self, args=None, namespace=None):
        self._add_arguments()
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        self._add_arguments()
        return super().format_help()

    def _add_arguments(self) -> None:
        configure, self.configure = self.configure, None
        if configure is not None:
            configure(self)


def _fail(message: str) -> int:
    print(f'litepose: error: {" ".join(message.split())}', file=sys.stderr)
    return 2
