"""The window, with an OpenCV that has windows; the one of the tests has none."""

import cv2
import numpy as np
import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.realtime import window as window_module
from litepose_mm.realtime.window import Window

IMAGE = np.zeros((4, 6, 3), np.uint8)


class Windows:
    """OpenCV's functions for windows; ``visible`` and ``codes`` are what it answers."""

    error = cv2.error
    WINDOW_NORMAL, WINDOW_KEEPRATIO, WND_PROP_VISIBLE = 1, 2, 4

    def __init__(self, visible=(), codes=(), framework='QT5', fails=False):
        self.visible, self.codes = list(visible), list(codes)
        self.framework, self.fails, self.done = framework, fails, []

    def currentUIFramework(self):
        return self.framework

    def namedWindow(self, title, flags):
        self.done.append(f'open {title}')
        if self.fails:
            error = cv2.error('OpenCV(4) long text')
            error.err = 'The function is not implemented'
            raise error

    def destroyWindow(self, title):
        self.done.append(f'close {title}')

    def imshow(self, title, image):
        assert image is IMAGE

    def waitKey(self, milliseconds):
        assert milliseconds > 0
        return self.codes.pop(0) if self.codes else -1

    def getWindowProperty(self, title, name):
        return self.visible.pop(0)


@pytest.fixture
def opencv(monkeypatch):
    """``opencv(**facts)``: the OpenCV that windows get; there is a screen."""
    monkeypatch.setattr(window_module.sys, 'platform', 'linux')
    monkeypatch.setenv('DISPLAY', ':0')

    def make(**facts):
        windows = Windows(**facts)
        monkeypatch.setattr(window_module, 'cv2', windows)
        return windows

    return make


def test_keys(opencv):
    windows = opencv(visible=[1.0] * 4, codes=[-1, ord('v'), 0x100000 + ord('q'), 27])
    with Window('people') as window:
        assert [window.show(IMAGE) for _ in range(4)] == [None, 'v', 'q', 'escape']
    assert windows.done == ['open people', 'close people']


@pytest.mark.parametrize(
    ('visible', 'expected'),
    [
        ([1.0, 1.0, 0.0], [None, None, 'escape']),
        ([0.0, 1.0, -1.0], [None, None, 'escape']),  # it takes a moment to appear
        ([-1.0, -1.0, -1.0], [None, None, None]),  # GTK does not know
    ],
)
def test_a_closed_window(opencv, visible, expected):
    opencv(visible=visible)
    with Window('people') as window:
        assert [window.show(IMAGE) for _ in range(3)] == expected


def test_an_opencv_without_windows(opencv):
    windows = opencv(framework='')
    message = 'a window cannot be opened: this OpenCV '
    with pytest.raises(LitePoseError, match=message):
        Window('people')
    assert not windows.done


def test_without_a_screen(opencv, monkeypatch):
    monkeypatch.delenv('DISPLAY')
    monkeypatch.delenv('WAYLAND_DISPLAY', raising=False)
    windows = opencv()
    with pytest.raises(LitePoseError, match='a window cannot be opened: there is no screen'):
        Window('people')
    assert not windows.done  # Qt would end the process
    monkeypatch.setenv('WAYLAND_DISPLAY', 'wayland-0')
    Window('people')
    monkeypatch.delenv('WAYLAND_DISPLAY')
    monkeypatch.setattr(window_module.sys, 'platform', 'darwin')
    Window('people')


def test_an_opencv_that_does_not_say(opencv, monkeypatch):
    monkeypatch.delattr(Windows, 'currentUIFramework')
    opencv(fails=True)
    with pytest.raises(LitePoseError, match="OpenCV says 'The function is not implemented'"):
        Window('people')
