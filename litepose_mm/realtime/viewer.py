"""What becomes of the frames of a pipeline, for somebody who watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Any

from ..errors import LitePoseError
from ..media import write_image
from .outputs import JsonLinesOutput, VideoOutput
from .pipeline import RealTimePipeline, Shown
from .view import View, notice, status_lines

if TYPE_CHECKING:  # a page needs starlette, a window a display
    from .page import Page
    from .window import Window

_STATUS_SECONDS = 5.0
_SILENCE = 2.0  # seconds without a frame until a window says so
_KEYS_SECONDS = 0.05  # between looks for a key while no frame comes
_LINGER_SECONDS = 0.05  # between them when all was shown
_PAUSED_MILLISECONDS = 100  # that a look for a key takes then
# What keys switch on and off.
_SWITCHES = {' ': 'paused', 'm': 'mirrored', 'i': 'ids', 'h': 'status'}


class Viewer:
    """Draws frames with their people, shows and writes them, and does what keys say.

    Args:
        pipeline: Where frames and people come from.
        view: What is drawn.
        screen: A :class:`Window` or a :class:`Page`; None shows nothing.
        video: Gets the drawings.
        lines: Gets the people.
        tell: Called with each line for whoever watches.
        folder: Where the key s saves images.
    """

    def __init__(
        self,
        pipeline: RealTimePipeline,
        view: View,
        *,
        screen: Page | Window | None = None,
        video: VideoOutput | None = None,
        lines: JsonLinesOutput | None = None,
        tell: Callable[[str], None],
        folder: str | Path = '.',
    ) -> None:
        self.pipeline, self.view = pipeline, view
        self.screen, self.video, self.lines = screen, video, lines
        self.tell, self.folder = tell, folder
        self.shown: Shown | None = None
        self.drawing: Any = None
        self.came_at = self.told_at = monotonic()

    def run(self, max_frames: int | None = None) -> bool:
        """Shows frames as they come, at most so many.

        Returns:
            Whether the source has ended; False where somebody quit or ``max_frames`` were shown.
        """
        left = max_frames
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
        self.tell('that was all; q or Ctrl-C ends')
        while self.look():
            sleep(_LINGER_SECONDS)

    def take(self, shown: Shown) -> bool:
        """Shows and writes a frame; returns whether to go on."""
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

    def look(self, image: Any = None) -> bool:
        """Shows what was drawn last, or another image, for as long as it is paused.

        Does what keys say, and returns whether to go on.
        """
        while True:
            waits = _PAUSED_MILLISECONDS if self.view.paused else 1
            key = self.screen.show(self.drawing if image is None else image, waits)
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
        """Saves an image under a name that is free."""
        if self.shown is None:
            self.tell('there is nothing to save yet')
            return
        stem = f'litepose_{self.shown.frame.number:06}'
        names = (f'{stem}{f"_{again}" if again else ""}.png' for again in count())
        path = next(path for name in names if not (path := Path(self.folder, name)).exists())
        try:
            write_image(path, self.draw(replace(self.view, paused=False)))
            self.tell(f'saved {path}')
        except LitePoseError as error:
            self.tell(str(error))

    def tell_sometimes(self, line: str) -> None:
        if monotonic() - self.told_at > _STATUS_SECONDS:
            self.told_at = monotonic()
            self.tell(line)
