"""The arguments of commands that open a page in the browser."""

from __future__ import annotations

import argparse

from .argument_types import host_and_port


def add_public_host(parser: argparse._ActionsContainer) -> None:
    """Adds ``--public-host``."""
    parser.add_argument(
        '--public-host',
        nargs='+',
        type=host_and_port,
        default=[],
        action='extend',
        metavar='HOST[:PORT]',
        help='host name of a proxy in front of the page, e.g. pose.example.org',
    )
