"""Sockets for the pages of this package."""

from __future__ import annotations

import errno
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .errors import LitePoseError

if TYPE_CHECKING:
    from starlette.requests import HTTPConnection

_ADVICE = {
    errno.EADDRINUSE: 'take another port',
    errno.EACCES: 'take a port from 1024',
}


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; made before a model is loaded, which takes seconds.

    Args:
        host: Address or name, of IPv4 or IPv6.
        port: 0 takes a free one.

    Raises:
        LitePoseError: It cannot.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(' (')[0]  # Python adds the address
        advice = _ADVICE.get(error.errno, 'take another address')
        raise LitePoseError(f'cannot listen on {host}, port {port}: {reason}; {advice}') from error
    except OverflowError as error:
        raise LitePoseError(f'port: expected 0 to 65535, got {port}') from error


def same_origin(connection: HTTPConnection) -> bool:
    """Whether no page from elsewhere asks: browsers let any page ask, and say which one it was."""
    origin = connection.headers.get('origin')
    try:
        return origin is None or urlsplit(origin).netloc == connection.headers.get('host')
    except ValueError:  # no address at all
        return False
