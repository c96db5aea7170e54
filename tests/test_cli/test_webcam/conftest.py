"""A small exported model, a video, and stand-ins for cameras and windows."""

import numpy as np
import pytest
from exported import export, tiny_estimator

from litepose_mm.cli import main
from litepose_mm.media import VideoWriter
from litepose_mm.realtime import window as window_module


@pytest.fixture(scope='session')
def model(tmp_path_factory):
    pytest.importorskip('onnxruntime')
    return export(tiny_estimator(), tmp_path_factory.mktemp('exported') / 'model')


@pytest.fixture(scope='session')
def video(tmp_path_factory):
    rng = np.random.default_rng(0)
    with VideoWriter(tmp_path_factory.mktemp('video') / 'a.mp4', fps=20) as writer:
        for _ in range(8):
            writer.write(rng.integers(0, 256, (64, 96, 3), np.uint8))
    return writer.path


@pytest.fixture
def run(model, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        status = main(['webcam', *map(str, arguments), '--model', str(model), '--threads', '1'])
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def press(monkeypatch):
    """``press(keys)``: windows give these keys for frames; the list returned is what they show."""

    def press(keys, while_waiting=()):
        pressed, drawings = iter(keys), []
        if not while_waiting:
            # how often it waits depends on the machine
            monkeypatch.setattr('litepose_mm.realtime.viewer._KEYS_SECONDS', None)

        class Window:
            def __init__(self, title):
                pass

            def __enter__(self):
                return self

            def __exit__(self, *exception):
                pass

            def show(self, image, milliseconds=1):
                if image is None or image.shape[0] != 64:  # a notice before the first frame
                    return None
                drawings.append(image)
                return next(pressed)

        monkeypatch.setattr(window_module, 'Window', Window)
        return drawings

    return press


@pytest.fixture
def source(monkeypatch):
    """``source(its)``: webcam reads from this one, whatever it is told."""

    def source(its):
        monkeypatch.setattr('litepose_mm.realtime.open_source', lambda *args: its)
        return its

    return source
