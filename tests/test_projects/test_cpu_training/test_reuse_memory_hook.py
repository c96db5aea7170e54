import ctypes
from types import SimpleNamespace

import pytest
from cpu_training import ReuseMemoryHook, reuse_memory_hook
from cpu_training.reuse_memory_hook import keep_freed_memory


class FakeLibrary:
    """A C library that keeps what it is told."""

    def __init__(self):
        self.told = {}

    def mallopt(self, option, value):
        self.told[option] = value
        return 1


@pytest.fixture
def library(monkeypatch):
    library = FakeLibrary()
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: library)
    return library


@pytest.mark.parametrize(('device', 'options'), [('cpu', 3), ('cuda', 0)])
def test_processors_keep_memory(device, options, library, monkeypatch):
    monkeypatch.setattr(reuse_memory_hook, 'get_device', lambda: device)
    ReuseMemoryHook().before_run(SimpleNamespace())
    assert len(library.told) == options
    assert all(0 < value < 2**31 for value in library.told.values())  # an int of C


def test_libraries_without_the_option_are_left_alone(monkeypatch):
    monkeypatch.setattr(ctypes, 'CDLL', lambda name: SimpleNamespace())
    assert not keep_freed_memory()
