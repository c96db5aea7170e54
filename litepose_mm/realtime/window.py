"""A window, and the keys that are pressed in it."""

from __future__ import annotations

import cv2
import numpy as np

from ..errors import LitePoseError

_ESCAPE = 27


class Window:
    """Shows pictures; use it in a ``with`` statement.

    Args:
        title: Its title.

    Raises:
        LitePoseError: There is no screen, or this OpenCV cannot open windows.
    """

    def __init__(self, title: str) -> None:
        self.title = title
        try:
            cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO)
        except cv2.error as error:
            raise LitePoseError(
                'a window cannot be opened: opencv-python-headless has none (pip install '
                'opencv-python in its place), and a screen is needed; or give --no-display'
            ) from error

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *exception: object) -> None:
        cv2.destroyWindow(self.title)

    def show(self, image: np.ndarray, milliseconds: int = 1) -> str | None:
        """Shows a picture, and waits a moment for a key.

        Returns:
            The key, ``'escape'`` where the window was closed; None where there was none.
        """
        cv2.imshow(self.title, image)
        code = cv2.waitKey(milliseconds)
        if code == _ESCAPE or cv2.getWindowProperty(self.title, cv2.WND_PROP_VISIBLE) < 1:
            return 'escape'
        return None if code < 0 else chr(code & 0xFF)
