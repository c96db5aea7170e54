"""``litepose serve`` as a command: where it listens, what it says, how it ends."""

import re
import signal
import socket
import struct
import subprocess
import sys
import time

import pytest
from exported import export, tiny_estimator
from served_estimator import photo

pytest.importorskip('onnxruntime')
httpx = pytest.importorskip('httpx')
uvicorn = pytest.importorskip('uvicorn')
testclient = pytest.importorskip('starlette.testclient')

from litepose_mm.cli import main  # noqa: E402


@pytest.fixture(scope='module')
def model(tmp_path_factory):
    return export(tiny_estimator(), tmp_path_factory.mktemp('exported') / 'model')


@pytest.fixture
def port():
    """A free one."""
    with socket.create_server(('127.0.0.1', 0)) as free:
        return free.getsockname()[1]


@pytest.fixture
def run(model, port, monkeypatch, capsys):
    """Runs the command up to where it would serve; returns status, output, errors and config."""

    def run(*arguments):
        configs = []

        def serve_nothing(self, sockets):
            configs.append(self.config)
            for each in sockets:
                each.close()

        monkeypatch.setattr(uvicorn.Server, 'run', serve_nothing)
        options = ['--model', str(model), '--threads', '1', '--port', str(port)]
        status = main(['serve', *options, *map(str, arguments)])
        return status, *capsys.readouterr(), *configs

    return run


@pytest.fixture
def opened(monkeypatch):
    """The addresses that were opened in the browser."""
    addresses = []
    monkeypatch.setattr('webbrowser.open', addresses.append)
    return addresses


def test_for_this_machine_only(run, port, opened):
    status, out, err, config = run('--open')
    address = f'http://localhost:{port}'
    assert (status, out, err) == (0, f'{address} (this machine only); press Ctrl-C to quit\n', '')
    assert opened == [address]
    client = testclient.TestClient(config.app, base_url=address)
    assert client.get('/api/model').json()['name'] == 'model'
    assert client.get('/api/model', headers={'host': 'elsewhere.example'}).status_code == 400


def test_for_others(run, port, opened):
    _, out, _, config = run('--host', '0.0.0.0')
    reach = 'everybody who can reach this address can use it'
    assert out == f'http://0.0.0.0:{port} ({reach}); press Ctrl-C to quit\n' and not opened
    client = testclient.TestClient(config.app)
    assert client.get('/api/model', headers={'host': 'here.example'}).status_code == 200


@pytest.mark.skipif(not socket.has_ipv6, reason='no IPv6')
def test_ipv6(run, port):
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
    except OSError as error:
        pytest.skip(str(error))
    _, out, _, config = run('--host', '::1')
    address = f'http://[::1]:{port}'
    assert out == f'{address} (this machine only); press Ctrl-C to quit\n'
    client = testclient.TestClient(config.app, base_url=address)
    assert client.get('/api/model').status_code == 200
    assert client.get('/api/model', headers={'host': 'elsewhere.example'}).status_code == 400


def test_most_of_an_upload(run):
    *_, config = run('--max-megabytes', 100)
    assert config.ws_max_size == 200 * 2**20
    client = testclient.TestClient(config.app, base_url='http://localhost')
    assert client.get('/api/model').json()['max_bytes'] == 100 * 2**20


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--host', '203.0.113.1'], ': Cannot assign requested address; choose another address'),
        (['--host', 'nowhere.invalid'], '; choose another address'),
        (['--port', '65536'], 'port: expected 0 to 65535, got 65536'),
    ],
)
def test_where_it_cannot_listen_is_one_line(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, '') and message in err and err.count('\n') == 1


def test_a_port_in_use(run, port):
    with socket.create_server(('127.0.0.1', port)):
        status, _, err = run()
    assert status == 2 and re.fullmatch(
        f'litepose: error: cannot listen on 127.0.0.1, port {port}: .*in use.*; '
        'choose another port\n',
        err,
    )


@pytest.fixture
def process(model, port):
    """The command as a process that answers."""
    command = [sys.executable, '-m', 'litepose_mm.cli', 'serve', '--model', str(model)]
    with subprocess.Popen(
        [*command, '--port', str(port)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout.readline().startswith(f'http://localhost:{port} ')
            yield process
        finally:
            process.kill()


def people(port):
    """Whether an image is answered."""
    address = f'http://localhost:{port}/api/predict'
    return httpx.post(address, content=photo(), timeout=60).json()['width'] == 64


@pytest.mark.slow
@pytest.mark.parametrize('end', [signal.SIGINT, signal.SIGTERM])
def test_a_process(process, port, end):
    """It answers, and ends at once and without a traceback."""
    assert people(port)
    process.send_signal(end)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + end
    assert 'Traceback' not in err


UPLOAD = b'POST /api/predict HTTP/1.1\r\nHost: localhost:%d\r\nContent-Length: %d\r\n\r\n'
STREAM = (
    b'GET /api/stream HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\n'
    b'Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n'
    b'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n'
)


@pytest.mark.slow
def test_clients_that_leave_are_no_news(process, port):
    """In the middle of an upload or a frame, or without waiting for the answer."""
    half_a_frame = b'\x82\xfe\x10\x00' + bytes(4) + bytes(1000)
    for sent in (
        (UPLOAD % (port, 100_000), bytes(1000)),
        (UPLOAD % (port, len(photo())), photo()),
        (STREAM % port,),
        (STREAM % port, half_a_frame),
    ):
        for abruptly in (False, True):
            with socket.create_connection(('127.0.0.1', port)) as client:
                for part in sent:
                    client.sendall(part)
                    time.sleep(0.1)
                if abruptly:  # a reset instead of the end of what is sent
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    assert people(port)
    process.terminate()
    out, err = process.communicate(timeout=30)
    assert out == '' and err.count('\n') <= 1, err
