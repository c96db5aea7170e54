"""``litepose serve``: a local web page that shows people on a camera, a picture or a video."""

from __future__ import annotations

import argparse
import socket
from pathlib import Path

from ...errors import LitePoseError
from ..argument_types import positive_int
from ..estimator_arguments import add_pipeline_arguments, make_pipeline_estimator

HELP = 'open a page on this machine: people on the camera of the browser, or a file dropped on it'
_LOCAL = ('127.0.0.1', 'localhost')


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    add_pipeline_arguments(parser)
    parser.add_argument('--port', type=positive_int, default=8000, help='default: 8000')
    parser.add_argument(
        '--host',
        default=_LOCAL[0],
        help='address to listen on (default: 127.0.0.1, this machine only); with another one '
        'everybody who reaches it can use the page, unencrypted',
    )
    parser.add_argument(
        '--max-megabytes', type=positive_int, default=20, metavar='N', help='of an upload'
    )
    parser.add_argument('--open', action='store_true', help='open it in the browser, too')


def run(args: argparse.Namespace) -> int:
    """Serves until it is interrupted; returns the exit status."""
    import uvicorn

    from ...serve import Limits, create_app

    is_local = args.host in _LOCAL
    listening = _listen(args.host, args.port)
    estimator = make_pipeline_estimator(args)
    app = create_app(
        estimator,
        Path(args.model).name,
        Limits(bytes=args.max_megabytes * 2**20),
        args.min_score,
        **({} if is_local else {'hosts': ['*']}),
    )
    address = f'http://{"localhost" if is_local else args.host}:{listening.getsockname()[1]}'
    reach = 'this machine only' if is_local else 'everybody who reaches this address can use it'
    print(f'{address} ({reach}); Ctrl-C ends', flush=True)
    if args.open:
        import webbrowser

        webbrowser.open(address)
    server = uvicorn.Server(uvicorn.Config(app, log_level='error', ws_max_size=2**26))
    server.run(sockets=[listening])
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens, before the model is loaded, which takes seconds.

    Raises:
        LitePoseError: It cannot.
    """
    try:
        return socket.create_server((host, port))
    except (OSError, OverflowError) as error:
        raise LitePoseError(
            f'cannot listen on {host}, port {port}: {getattr(error, "strerror", None) or error}; '
            'take another --port'
        ) from error
