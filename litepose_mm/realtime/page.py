"""A page for this machine's browsers that works like a window, with the same keys."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

import cv2
import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

from ..utils.listening import LOOPBACK, OwnPagesOnly, listen

_POLL_SECONDS = 0.01  # time between checks for a newer image
_SHUTDOWN_SECONDS = 1  # time that browsers have to receive the last image
_QUALITY = 85
_BOUNDARY = 'frame'
_HTML = """<!doctype html>
<meta charset="utf-8">
<title>LitePose</title>
<link rel="icon" href="data:,">
<style>
  body { margin: 0; height: 100vh; display: flex; flex-direction: column; background: #111 }
  img { flex: 1; min-height: 0; object-fit: contain }
  footer { text-align: center; padding: 4px; color: #ccc; font-family: sans-serif }
  button { background: #222; color: #ccc; border: 0; border-radius: 4px }
  button { padding: 6px 10px; margin: 2px }
  button:hover { background: #444 }
  kbd { color: #fff; font-weight: bold }
</style>
<img src="stream" alt="people on the frames, live">
<footer>BUTTONS</footer>
<script>
  const over = () => { document.querySelector('footer').textContent = 'The program has ended.' }
  const press = key => fetch('key', { method: 'POST', body: key }).catch(over)
  setInterval(() => fetch('', { method: 'HEAD' }).catch(over), 2000)
  document.addEventListener('keydown', event => {
    if (event.repeat || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === ' ') event.preventDefault()
    press(event.key)
  })
  for (const button of document.querySelectorAll('button')) {
    button.onclick = () => { press(button.value); button.blur() }
  }
</script>
"""
_BUTTONS = {
    ' ': ('space', 'pause'),
    's': ('s', 'save'),
    'v': ('v', 'view'),
    'm': ('m', 'mirror'),
    'i': ('i', 'ids'),
    'h': ('h', 'status'),
    'q': ('q', 'quit'),
}
_LONGEST_KEY = 32  # bytes
_NAMES = {'Escape': 'escape'}  # browsers' names of keys that windows call differently


class Page:
    """Shows images in browsers of this machine; use it in a ``with`` statement.

    Any number of browsers may watch. Each gets the newest image after it has received the previous
    one, as a part of a single response (``multipart/x-mixed-replace``), which all browsers draw.

    Args:
        port: Port to listen on; 0 chooses a free one.
        public_hosts: Host names, with ports, of proxies in front of the page.

    Attributes:
        address: The address to open in a browser.

    Raises:
        LitePoseError: The port cannot be used.
    """

    def __init__(self, port: int, public_hosts: Sequence[str] = ()) -> None:
        self._socket = listen(LOOPBACK[0], port)
        self.address = f'http://localhost:{self._socket.getsockname()[1]}'
        self._newest: tuple[int, np.ndarray | None] = (0, None)
        self._encoded = (0, b'')
        self._keys: SimpleQueue[str] = SimpleQueue()
        self._is_closed = False
        routes = [
            Route('/', self._page),
            Route('/stream', self._stream),
            Route('/key', self._key, methods=['POST']),
        ]
        self._server = uvicorn.Server(
            uvicorn.Config(
                Starlette(
                    routes=routes, middleware=[Middleware(OwnPagesOnly, LOOPBACK, public_hosts)]
                ),
                lifespan='off',
                log_config=None,  # uvicorn's own would close other libraries' handlers
                log_level='critical',
                timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
            )
        )
        self._thread = threading.Thread(
            target=self._server.run, kwargs=dict(sockets=[self._socket]), daemon=True
        )

    def __enter__(self) -> Page:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._is_closed = self._server.should_exit = True
        self._thread.join(_SHUTDOWN_SECONDS + 2)
        self._socket.close()

    def show(self, image: np.ndarray, milliseconds: int = 1) -> str | None:
        """Shows an image, BGR uint8 (H, W, 3), which must not change afterwards.

        Returns:
            A key that was pressed in one of the browsers, or None, as for :class:`Window`.
        """
        if image is not self._newest[1]:
            self._newest = (self._newest[0] + 1, image)
        with suppress(Empty):
            return self._keys.get(timeout=milliseconds / 1000)
        return None

    async def _page(self, request: Request) -> Response:
        buttons = ''.join(
            f'<button value="{key}"><kbd>{name}</kbd> {does}</button>'
            for key, (name, does) in _BUTTONS.items()
        )
        return HTMLResponse(_HTML.replace('BUTTONS', buttons))

    async def _key(self, request: Request) -> Response:
        body = b''
        try:
            async for part in request.stream():
                body += part
                if len(body) > _LONGEST_KEY:
                    return Response(status_code=413)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody receives it
        key = body.decode(errors='replace')
        if key in _BUTTONS or key in _NAMES:
            self._keys.put(_NAMES.get(key, key))
        return Response(status_code=204)

    async def _stream(self, request: Request) -> Response:
        return StreamingResponse(
            self._parts(),
            media_type=f'multipart/x-mixed-replace; boundary={_BOUNDARY}',
            # Prevents other pages from showing the stream.
            headers={'Cache-Control': 'no-store', 'Cross-Origin-Resource-Policy': 'same-origin'},
        )

    async def _parts(self) -> AsyncIterator[bytes]:
        # Browsers draw a part when the next one begins, so the next header follows immediately,
        # and without a length.
        begin = f'--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\n\r\n'.encode()
        yield begin
        seen = 0
        while True:
            is_closed = self._is_closed  # read first, so that the last image is still sent
            if self._newest[0] == seen:
                if is_closed:
                    return
                await asyncio.sleep(_POLL_SECONDS)
                continue
            seen, jpeg = self._jpeg()
            yield jpeg + b'\r\n' + begin

    def _jpeg(self) -> tuple[int, bytes]:
        """Encodes the newest image, once for all browsers and only if there are any."""
        number, image = self._newest
        if image is not None and self._encoded[0] != number:
            _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
            self._encoded = number, data.tobytes()
        return self._encoded
