"""Sockets and request checks of this package's web pages."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ..errors import LitePoseError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LOOPBACK = ('127.0.0.1', 'localhost', '::1')
_ADVICE = {
    errno.EADDRINUSE: 'choose another port',
    errno.EACCES: 'choose a port from 1024',
}


def listen(host: str, port: int) -> socket.socket:
    """Opens a listening socket, so that errors show before a model is loaded for seconds.

    Args:
        host: Address or host name, IPv4 or IPv6.
        port: Port; 0 chooses a free one.

    Raises:
        LitePoseError: The address or port cannot be used.
    """
    family = socket.AF_INET6 if ':' in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(' (')[0]  # Python adds the address
        advice = _ADVICE.get(error.errno or 0, 'choose another address')
        raise LitePoseError(f'cannot listen on {host}, port {port}: {reason}; {advice}') from error
    except OverflowError as error:
        raise LitePoseError(f'port: expected 0 to 65535, got {port}') from error


class OwnPagesOnly:
    """Middleware that refuses cross-origin requests.

    Browsers let any page send requests to any address, and name the page in ``Origin``. A page
    could also make its own host name resolve to this server, which ``Host`` reveals. Headers of
    proxies, such as ``X-Forwarded-Host``, are ignored, because anybody can send them.

    Args:
        app: The application behind it.
        hosts: Host names of this server; None accepts all.
        public: Host names, with ports, of proxies in front of this server. Pages from there are
            allowed, whatever the proxy sends as the host.
    """

    def __init__(
        self, app: ASGIApp, hosts: Sequence[str] | None = LOOPBACK, public: Sequence[str] = ()
    ) -> None:
        self._app, self._public = app, set(public)
        self._hosts = None if hosts is None else {*hosts, *map(_hostname, public)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or refuses it in one line with 400 or 403."""
        if scope['type'] == 'lifespan':
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode('latin-1') for name, value in scope['headers']}
        host, origin = headers.get(b'host', '').lower(), headers.get(b'origin')
        page = None if origin is None else _netloc(origin)
        if self._hosts is not None and _hostname(host) not in self._hosts:
            await _refuse(scope, receive, send, 400, f'{host!r} is not a host name of this server')
        elif page not in (None, host, *self._public):
            await _refuse(scope, receive, send, 403, f'requests from {origin!r} are refused')
        else:
            await self._app(scope, receive, send)


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    error = f'{why}; if that is a proxy of this server, start the server with --public-host'
    if scope['type'] == 'websocket':
        await receive()  # the request to connect
        await send({'type': 'websocket.close', 'code': 1008, 'reason': why[:100]})
        return
    kind = [(b'content-type', b'application/json')]
    await send({'type': 'http.response.start', 'status': status, 'headers': kind})
    await send({'type': 'http.response.body', 'body': json.dumps({'error': error}).encode()})


def _netloc(address: str) -> str:
    try:
        return urlsplit(address).netloc.lower() or address
    except ValueError:
        return address


def _hostname(host: str) -> str | None:
    """Returns the name in ``name:port``."""
    try:
        return urlsplit(f'//{host}').hostname
    except ValueError:
        return None
