"""``litepose serve``: serves a local web page that finds people on a camera, image or video."""

from __future__ import annotations

import argparse
from pathlib import Path

from ...utils.listening import LOOPBACK, listen
from ..argument_types import positive_int
from ..estimator_arguments import add_pipeline_arguments, make_pipeline_estimator
from ..page_arguments import add_public_host

HELP = "serve a local web page that finds people on the browser's camera, an image or a video"
_SHUTDOWN_SECONDS = 2  # time that uploads have to finish when the server ends


def configure(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments."""
    add_pipeline_arguments(parser)
    parser.add_argument(
        '--port', type=positive_int, default=8000, help='port to listen on (default: 8000)'
    )
    parser.add_argument(
        '--host',
        default='127.0.0.1',
        help='address to listen on (default: 127.0.0.1, this machine only); with another address, '
        'everybody who can reach it can use the page, unencrypted',
    )
    add_public_host(parser)
    parser.add_argument(
        '--max-megabytes',
        type=positive_int,
        default=20,
        metavar='N',
        help='maximum size of an upload in MiB (default: 20)',
    )
    parser.add_argument('--open', action='store_true', help='open the page in the browser')


def run(args: argparse.Namespace) -> int:
    """Serves until it is interrupted; returns the exit status."""
    import uvicorn

    from ...serve import Limits, create_app

    is_local = args.host in LOOPBACK
    listening = listen(args.host, args.port)  # before the model is loaded
    limits = Limits(bytes=args.max_megabytes * 2**20)
    estimator = make_pipeline_estimator(args)
    app = create_app(
        estimator,
        Path(args.model).name,
        limits,
        args.min_score,
        hosts=LOOPBACK if is_local else None,
        public_hosts=args.public_host,
    )
    host = f'[{args.host}]' if ':' in args.host else args.host
    address = f'http://{"localhost" if host == "127.0.0.1" else host}:{args.port}'
    reach = 'this machine only' if is_local else 'everybody who can reach this address can use it'
    print(f'{address} ({reach}); press Ctrl-C to quit', flush=True)
    if args.open:
        import webbrowser

        webbrowser.open(address)
    # Frames up to twice as large are received, so that the answer can state the limit.
    config = uvicorn.Config(
        app,
        log_config=None,  # uvicorn's own would close other libraries' handlers
        log_level='error',
        ws_max_size=2 * limits.bytes,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    server = uvicorn.Server(config)
    server.run(sockets=[listening])
    return 0
