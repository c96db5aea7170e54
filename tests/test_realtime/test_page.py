"""The page that stands for a window, through real connections."""

import http.client
import logging
import socket
import threading

import cv2
import numpy as np
import pytest

pytest.importorskip('starlette')
pytest.importorskip('uvicorn')

from litepose_mm.errors import LitePoseError
from litepose_mm.realtime.page import Page


def photo(value):
    return np.full((24, 32, 3), value, np.uint8)


@pytest.fixture
def page():
    with Page(0) as page:
        yield page


def ask(page, method, path, body=None, **headers):
    host = page.address.removeprefix('http://').replace('localhost', '127.0.0.1')
    connection = http.client.HTTPConnection(host, timeout=20)
    connection.request(method, path, body, headers)
    return connection.getresponse()


def get(page, path, **headers):
    return ask(page, 'GET', path, **headers)


def part(response):
    """The next image's value in a response of many parts; None where there is no more.

    An image is whole when the next part has begun.
    """
    data = b''
    while line := response.readline():
        if line == b'--frame\r\n':
            assert response.readline() == b'Content-Type: image/jpeg\r\n'
            assert response.readline() == b'\r\n'
            if data:
                image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
                return round(float(image.mean()))
        else:
            data += line
    return None


def test_page(page):
    response = get(page, '/')
    text = response.read().decode()
    assert response.status == 200 and '<title>LitePose</title>' in text and 'src="stream"' in text


def test_every_viewer_gets_the_newest(page):
    page.show(photo(10))
    first = get(page, '/stream')
    assert first.getheader('Content-Type') == 'multipart/x-mixed-replace; boundary=frame'
    assert first.getheader('Cross-Origin-Resource-Policy') == 'same-origin'
    assert part(first) == 10
    page.show(photo(20))
    page.show(photo(30))
    values = [part(first)]
    if values == [20]:  # it was quicker than the second
        values.append(part(first))
    assert values[-1] == 30
    late = get(page, '/stream')
    assert part(late) == 30  # who comes late sees it at once
    page.show(photo(40))
    assert part(first) == part(late) == 40


def test_an_image_that_stays_is_sent_once(page):
    image = photo(10)
    stream = get(page, '/stream')
    for _ in range(3):
        page.show(image)
    assert part(stream) == 10
    page.show(photo(20))
    assert part(stream) == 20


def test_keys(page):
    image = photo(10)
    assert page.show(image) is None
    for key in ('v', 'x', 'Escape', 'any number of bytes'):
        assert ask(page, 'POST', '/key', key).status == 204
    assert [page.show(image) for _ in range(3)] == ['v', 'escape', None]
    text = get(page, '/').read().decode()
    assert '<button value="v"><kbd>v</kbd> view</button>' in text


def test_other_pages_press_no_keys(page):
    for other in ('http://elsewhere.example', 'null', 'http://[odd'):
        assert ask(page, 'POST', '/key', 'q', Origin=other).status == 403
    assert page.show(photo(10)) is None
    own = page.address.replace('localhost', '127.0.0.1')
    assert ask(page, 'POST', '/key', 'q', Origin=own).status == 204
    assert page.show(photo(10)) == 'q'


def test_a_proxy_in_front():
    with Page(0, ['pose.example.org']) as page:
        for host in ('pose.example.org', page.address.removeprefix('http://')):
            own = {'Host': host, 'Origin': 'https://pose.example.org'}
            assert ask(page, 'POST', '/key', 'q', **own).status == 204
            other = {'Host': host, 'Origin': 'https://elsewhere.example'}
            assert ask(page, 'POST', '/key', 'q', **other).status == 403


def test_a_key_is_short(page):
    assert ask(page, 'POST', '/key', 'q' * 1000).status == 413
    assert page.show(photo(10)) is None


def test_it_ends_with_the_last_image():
    before = threading.active_count()
    with Page(0) as page:
        stream = get(page, '/stream')
        page.show(photo(10))
        assert part(stream) == 10
        page.show(photo(20))
    assert part(stream) == 20 and part(stream) is None
    assert threading.active_count() == before
    with pytest.raises(OSError):
        get(page, '/')


def test_it_ends_while_a_viewer_takes_nothing():
    with Page(0) as page:
        rng = np.random.default_rng(0)
        port = int(page.address.rpartition(':')[2])
        with socket.create_connection(('127.0.0.1', port)) as viewer:
            viewer.sendall(b'GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n')
            assert viewer.recv(100).startswith(b'HTTP/1.1 200')
            for _ in range(30):
                page.show(rng.integers(0, 256, (600, 800, 3), np.uint8))
            page.__exit__()
            assert not page._thread.is_alive()


def test_other_names_are_refused(page):
    assert get(page, '/stream', Host='elsewhere.example').status == 400


def test_a_port_that_is_taken(page):
    port = int(page.address.rpartition(':')[2])
    with pytest.raises(
        LitePoseError, match=f'cannot listen on 127.0.0.1, port {port}: .*another port'
    ):
        Page(port)


def test_handlers_of_other_libraries_stay_open():
    """Some close the stream that they write to, and that is the program's."""
    closed = []

    class Handler(logging.StreamHandler):
        def close(self):
            closed.append(self)

    handler = Handler()
    with Page(0):
        assert handler not in closed
