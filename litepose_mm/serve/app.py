"""The web application: a page, and two ways to send images to it.

``POST /api/predict`` takes an encoded image as the body and responds with its people.
``/api/stream`` is a WebSocket: each binary message is an encoded frame, answered by one text
message before the next one is processed, so that the browser always sends its newest frame and
nothing is queued. People of a stream are tracked. Both respond with
:func:`litepose_mm.realtime.frame_document` and ``milliseconds``. All errors, including unknown
addresses and methods, are ``{"error": "one line"}``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..errors import LitePoseError
from ..inference.base import BaseEstimator
from ..media import decode_image
from ..realtime import Frame, frame_document
from ..tracking import PoseTracker
from ..utils.listening import LOOPBACK, OwnPagesOnly
from ..utils.openmp import release_openmp_threads

_PAGE = Path(__file__).parent / 'page'


@dataclass(frozen=True)
class Limits:
    """The limits of the server.

    Attributes:
        bytes: Maximum bytes of an encoded image.
        pixels: Maximum pixels of an image.
        streams: Maximum number of simultaneous streams.
    """

    bytes: int = 20 * 2**20
    pixels: int = 50_000_000
    streams: int = 4


class _TooLarge(LitePoseError):
    """An upload has too many bytes."""


def create_app(
    estimator: BaseEstimator,
    name: str,
    limits: Limits | None = None,
    min_score: float = 0.1,
    hosts: Sequence[str] | None = LOOPBACK,
    public_hosts: Sequence[str] = (),
) -> Starlette:
    """Creates the application.

    Args:
        estimator: Finds the people, one image at a time.
        name: Name of the model, for the page.
        limits: Limits of uploads and streams.
        min_score: People with a lower score are dropped.
        hosts: Host names of the page, see :class:`OwnPagesOnly`.
        public_hosts: Host names, with ports, of proxies in front of the page.
    """
    release_openmp_threads()  # those that loaded the model; the network has another thread
    service = _Service(estimator, name, limits or Limits(), min_score)
    api = [
        Route('/model', service.model),
        Route('/predict', service.predict, methods=['POST']),
        WebSocketRoute('/stream', service.stream),
    ]
    handlers: dict[Any, Any] = {HTTPException: _http_error, ClientDisconnect: _client_left}
    return Starlette(
        routes=[
            Mount('/api', routes=api),
            Mount('/', StaticFiles(directory=_PAGE, html=True)),
        ],
        middleware=[Middleware(OwnPagesOnly, hosts, public_hosts)],
        exception_handlers=handlers,
    )


class _Service:
    def __init__(
        self, estimator: BaseEstimator, name: str, limits: Limits, min_score: float
    ) -> None:
        self._estimator, self._name = estimator, name
        self._limits, self._min_score = limits, min_score
        # One image at a time is decoded and processed, always in the same thread.
        self._worker = ThreadPoolExecutor(1, 'network')
        self._num_streams = 0

    async def model(self, request: Request) -> JSONResponse:
        """Describes the model for the page."""
        skeleton = self._estimator.skeleton
        return JSONResponse(
            {
                'name': self._name,
                'keypoints': list(skeleton.keypoint_names),
                'links': [list(link) for link in skeleton.links],
                'short_side': self._estimator.short_side,
                'max_bytes': self._limits.bytes,
            }
        )

    async def predict(self, request: Request) -> JSONResponse:
        """Finds the people of one image."""
        try:
            data = await self._body(request)
            return JSONResponse(await self._people(data))
        except _TooLarge as error:
            return JSONResponse({'error': str(error)}, 413)
        except LitePoseError as error:
            return JSONResponse({'error': str(error)}, 400)

    async def _body(self, request: Request) -> bytes:
        if request.headers.get('content-type', '').startswith('multipart/'):
            raise LitePoseError(
                'expected the bytes of an image as the body (curl --data-binary @FILE), got a form'
            )
        data = bytearray()
        async for part in request.stream():
            data += part
            self._check_size(len(data))
        return bytes(data)

    def _check_size(self, size: int) -> None:
        if size > self._limits.bytes:
            raise _TooLarge(
                f'expected an image of at most {self._limits.bytes / 2**20:g} MiB, got more; '
                'reduce its size'
            )

    async def stream(self, socket: WebSocket) -> None:
        """Finds the people of one frame after the other."""
        await socket.accept()
        if self._num_streams >= self._limits.streams:
            most = self._limits.streams
            await socket.send_json({'error': f'there are already {most} streams; close one'})
            await socket.close(code=1013)
            return
        self._num_streams += 1
        try:
            await self._answer_frames(socket)
        except WebSocketDisconnect:
            pass
        finally:
            self._num_streams -= 1

    async def _answer_frames(self, socket: WebSocket) -> None:
        tracker, start, number = PoseTracker(), monotonic(), 0
        while (message := await socket.receive())['type'] != 'websocket.disconnect':
            try:
                data = _image(message)
                self._check_size(len(data))
                answer = await self._people(data, number, monotonic() - start, tracker)
            except LitePoseError as error:
                answer = {'error': str(error)}
            number += 1
            await socket.send_json(answer)

    async def _people(self, *args: Any) -> dict[str, Any]:
        return await asyncio.get_running_loop().run_in_executor(self._worker, self._look, *args)

    def _look(
        self, data: bytes, number: int = 0, time: float = 0.0, tracker: PoseTracker | None = None
    ) -> dict[str, Any]:
        image = decode_image(data, 'the upload', self._limits.pixels)
        begin = perf_counter()
        result = self._estimator(image).filter(self._min_score)
        milliseconds = 1e3 * (perf_counter() - begin)
        if tracker is not None:
            result = tracker(result, time)
        document = frame_document(Frame(image, number, time), result)
        return {**document, 'milliseconds': round(milliseconds, 2)}


async def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    line = f'{request.method} {request.url.path}: {error.detail}'
    return JSONResponse({'error': line}, error.status_code, error.headers)


async def _client_left(request: Request, error: ClientDisconnect) -> Response:
    return Response(status_code=400)  # nobody receives it


def _image(message: Mapping[str, Any]) -> bytes:
    data = message.get('bytes')
    if data is None:
        raise LitePoseError('expected an image in a binary message, got a text message')
    return data
