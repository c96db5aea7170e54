"""A window that shows images and reads keys."""

from __future__ import annotations

import os
import sys

import cv2
import numpy as np

from ..errors import LitePoseError

_ESCAPE = 27


class Window:
    """Shows images; use it in a ``with`` statement.

    Args:
        title: Title of the window.

    Raises:
        LitePoseError: There is no screen, or this OpenCV cannot open windows.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        self._was_visible = False
        _check_screen()
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        except cv2.error as error:
            raise _no_window(f'OpenCV says {error.err!r}') from error

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *exception: object) -> None:
        cv2.destroyWindow(self.title)

    def show(self, image: np.ndarray, milliseconds: int = 1) -> str | None:
        """Shows an image and waits a moment for a key.

        Returns:
            The key, ``'escape'`` if the window was closed, or None.
        """
        cv2.imshow(self.title, image)
        code = cv2.waitKey(milliseconds)
        # Some of OpenCV's window systems never report a window as visible.
        is_visible = cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) >= 1
        if code == _ESCAPE or (self._was_visible and not is_visible):
            return 'escape'
        self._was_visible |= is_visible
        return None if code < 0 else chr(code & 0xFF)


def _check_screen() -> None:
    """Checks that there is a screen, because Qt ends the process without one."""
    if getattr(cv2, 'currentUIFramework', lambda: 'unknown')() == '':
        raise _no_window(
            'this OpenCV does not support windows (pip uninstall opencv-python-headless, then '
            'pip install opencv-python)'
        )
    if sys.platform == 'linux' and not any(map(os.environ.get, ('DISPLAY', 'WAYLAND_DISPLAY'))):
        raise _no_window('there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)')


def _no_window(why: str) -> LitePoseError:
    return LitePoseError(f'a window cannot be opened: {why}')
