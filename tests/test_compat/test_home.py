"""Users without a home or a name, as containers run them."""

import getpass
import os
from pathlib import Path

import pytest

from litepose_mm.compat.home import provide_home

_NAMES = ('LOGNAME', 'USER', 'LNAME', 'USERNAME')


@pytest.fixture
def nobody(monkeypatch):
    pwd = pytest.importorskip('pwd')

    def unknown(*_):
        raise KeyError('uid not found')

    monkeypatch.setattr(pwd, 'getpwuid', unknown)
    for name in ('HOME', *_NAMES):
        monkeypatch.setenv(name, 'of this test')  # so that it is restored
        monkeypatch.delenv(name)


def test_they_get_what_libraries_ask_for(nobody):
    provide_home()
    assert Path.home() == Path('/nonexistent') and getpass.getuser() == str(os.getuid())


def test_others_keep_theirs(nobody, monkeypatch):
    monkeypatch.setenv('HOME', '/home/me')
    monkeypatch.setenv('USER', 'me')
    provide_home()
    assert (os.environ['HOME'], os.environ['USER']) == ('/home/me', 'me')
