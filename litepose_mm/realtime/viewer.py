"""Draw, show and write the frames of a pipeline, controlled by keys."""

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
from .pipeline import FrameResult, RealTimePipeline
from .view import View, notice, status_lines

if TYPE_CHECKING:  # a page needs starlette, a window a display
    from .page import Page
    from .window import Window

_STATUS_SECONDS = 5.0
_SILENCE = 2.0  # seconds without a frame after which a notice is shown
_KEYS_SECONDS = 0.05  # time between checks for a key while there is no frame
_LINGER_SECONDS = 0.05  # time between checks for a key after the last frame
_PAUSED_MILLISECONDS = 100  # time to wait for a key while paused
# The options of a view that keys toggle.
_SWITCHES = {' ': 'paused', 'm': 'mirrored', 'i': 'ids', 'h': 'status'}


class Viewer:
    """Draws frames with their people, shows and writes them, and responds to keys.

    Args:
        pipeline: Where frames and people come from.
        view: How frames are drawn.
        screen: A :class:`Window` or a :class:`Page`; None shows nothing.
        video: Output of the drawings.
        lines: Output of the people.
        tell: Called with each message for the user.
        folder: Folder in which the key s saves images.
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
        self.latest: FrameResult | None = None
        self.drawing: Any = None
        self.came_at = self.told_at = monotonic()

    def run(self, max_frames: int | None = None) -> bool:
        """Shows frames as they arrive.

        Args:
            max_frames: Maximum number of frames.

        Returns:
            True at the end of the source, False if the user quit or ``max_frames`` were shown.
        """
        left = max_frames
        for found in self.pipeline.poll(_KEYS_SECONDS):
            goes_on = self.wait() if found is None else self.take(found)
            if left is not None and found is not None:
                left -= 1
            if not goes_on or left == 0:
                return False
        return True

    def linger(self) -> None:
        """Keeps showing the last frame until the user quits."""
        if self.screen is None or self.latest is None:
            return
        self.tell('this was the last frame; press q or Ctrl-C to quit')
        while self.look():
            sleep(_LINGER_SECONDS)

    def take(self, found: FrameResult) -> bool:
        """Shows and writes a frame; returns whether to continue."""
        self.came_at, self.latest = monotonic(), found
        if self.lines is not None:
            self.lines.write(found.frame, found.result)
        if self.screen is not None or self.video is not None:
            self.drawing = self.pipeline.timed('drawing', self.draw, found, self.view)
        if self.video is not None:
            self.video.write(found.frame, self.drawing)
        if self.screen is not None:
            return self.look()
        status = status_lines(self.pipeline.statistics())
        self.tell_sometimes(f'{len(found.result)} people, {status[0]}')
        return True

    def wait(self) -> bool:
        """Reports a long time without frames; returns whether to continue."""
        silence, name = monotonic() - self.came_at, self.pipeline.source.name
        message = f'no frame from {name} for {silence:.0f} s'
        if self.screen is None:
            if silence > _STATUS_SECONDS:
                self.tell_sometimes(message)
            return True
        if silence > _SILENCE:
            return self.look(notice(message, self.drawing))
        return self.look(notice(f'waiting for {name}') if self.latest is None else None)

    def draw(self, found: FrameResult, view: View) -> Any:
        """Draws a frame."""
        return view.draw(found, self.pipeline.estimator, self.pipeline.statistics())

    def look(self, image: Any = None) -> bool:
        """Shows the last drawing, or another image, and responds to keys; waits while paused.

        Returns:
            Whether to continue.
        """
        while self.screen is not None:
            waits = _PAUSED_MILLISECONDS if self.view.paused else 1
            key = self.screen.show(self.drawing if image is None else image, waits)
            if key in ('q', 'escape'):
                return False
            if key is not None:
                self.press(key)
            if not self.view.paused:
                break
        return True

    def press(self, key: str) -> None:
        """Responds to a key, except those that quit."""
        view = self.view
        if key == 's':
            self.save()
            return
        if key == 'v':
            view.next_mode(('skeletons', *self.pipeline.estimator.panel_names))
        elif key in _SWITCHES:
            setattr(view, _SWITCHES[key], not getattr(view, _SWITCHES[key]))
        if self.latest is not None:
            self.drawing = self.draw(self.latest, view)

    def save(self) -> None:
        """Saves an image under an unused name."""
        if self.latest is None:
            self.tell('there is no frame to save yet')
            return
        stem = f'litepose_{self.latest.frame.number:06}'
        names = (f'{stem}{f"_{again}" if again else ""}.png' for again in count())
        path = next(path for name in names if not (path := Path(self.folder, name)).exists())
        try:
            write_image(path, self.draw(self.latest, replace(self.view, paused=False)))
            self.tell(f'saved {path}')
        except LitePoseError as error:
            self.tell(str(error))

    def tell_sometimes(self, line: str) -> None:
        if monotonic() - self.told_at > _STATUS_SECONDS:
            self.told_at = monotonic()
            self.tell(line)
