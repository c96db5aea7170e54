import errno
import socket

import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.utils.listening import listen


def test_a_free_port():
    with listen('127.0.0.1', 0) as listening:
        assert listening.getsockname()[1] > 0


@pytest.mark.parametrize(
    ('number', 'advice'),
    [
        (errno.EADDRINUSE, 'another port'),
        (errno.EACCES, 'port from 1024'),
        (errno.EADDRNOTAVAIL, 'another address'),
    ],
)
def test_what_to_do(monkeypatch, number, advice):
    def refuse(*args, **options):
        raise OSError(number, 'No')

    monkeypatch.setattr(socket, 'create_server', refuse)
    message = f'cannot listen on 127.0.0.1, port 80: No; .*{advice}'
    with pytest.raises(LitePoseError, match=message):
        listen('127.0.0.1', 80)


def test_a_port_that_there_is_not():
    with pytest.raises(LitePoseError, match='port: expected 0 to 65535, got 65536'):
        listen('127.0.0.1', 65536)
