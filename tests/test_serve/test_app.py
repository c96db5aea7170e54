"""The web application's two ways in, and what it refuses."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from served_estimator import Estimator, photo

pytest.importorskip('starlette')
pytest.importorskip('httpx')

from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from litepose_mm.serve import Limits, app, create_app

STREAM = 'ws://localhost:8000/api/stream'


@pytest.fixture
def client():
    limits = Limits(bytes=10_000, pixels=10_000, streams=1)
    return TestClient(create_app(Estimator(), 'mini', limits), base_url='http://localhost:8000')


def test_page_and_model(client):
    page = client.get('/')
    assert page.status_code == 200 and '<title>LitePose</title>' in page.text
    for name in ('page.js', 'style.css'):
        assert name in page.text and client.get(f'/{name}').status_code == 200
    model = client.get('/api/model').json()
    assert model == {
        'name': 'mini',
        'keypoints': ['head', 'left_hand', 'right_hand'],
        'links': [[0, 1], [0, 2]],
        'short_side': 600,
        'max_bytes': 10_000,
    }


def test_an_image(client):
    answer = client.post('/api/predict', content=photo()).json()
    assert (answer['width'], answer['height']) == (64, 48)
    (person,) = answer['people']
    assert len(person['keypoints']) == 3 and 'id' not in person
    assert answer['milliseconds'] > 0


@pytest.mark.parametrize(
    ('content', 'status', 'message'),
    [
        (b'', 400, 'the upload is empty'),
        (b'no image', 400, 'the upload is '),
        (photo()[:60], 400, 'the upload is '),
        (photo(size=(200, 100)), 400, 'at most 0.01 million pixels, but the upload has 200x100'),
        (bytes(10_001), 413, 'expected an image of at most 0.0095'),
        (photo(value=0), 400, 'not enough memory'),
        (photo(size=(99, 2)), 400, 'at most 20 times'),
    ],
)
def test_bad_uploads_are_one_line(client, content, status, message):
    response = client.post('/api/predict', content=content)
    error = response.json()['error']
    assert response.status_code == status and message in error and '\n' not in error


def test_a_form_is_no_image(client):
    kind = {'content-type': 'multipart/form-data; boundary=x'}
    response = client.post('/api/predict', content=photo(), headers=kind)
    assert response.status_code == 400 and 'curl --data-binary @FILE' in response.json()['error']


@pytest.mark.parametrize(
    ('method', 'path', 'status', 'message'),
    [
        ('GET', '/api/predict', 405, 'GET /api/predict: Method Not Allowed'),
        ('GET', '/api/other', 404, 'GET /api/other: Not Found'),
    ],
)
def test_wrong_addresses_are_one_line(client, method, path, status, message):
    response = client.request(method, path)
    assert (response.status_code, response.json()) == (status, {'error': message})


def test_a_stream_follows_people_and_survives_bad_frames(client):
    with client.websocket_connect(STREAM) as stream:
        answers = []
        for content in (photo(), b'no image', photo(), bytes(10_001)):
            stream.send_bytes(content)
            answers.append(stream.receive_json())
    first, bad, third, large = answers
    assert first['people'][0]['id'] == third['people'][0]['id'] == 0
    assert (first['frame'], third['frame']) == (0, 2) and third['time'] > first['time']
    assert 'an image' in bad['error'] and 'expected an image of at most' in large['error']


def test_a_text_message_is_answered_too(client):
    with client.websocket_connect(STREAM) as stream:
        stream.send_text('people?')
        error = stream.receive_json()['error']
        assert error == 'expected an image in a binary message, got a text message'
        stream.send_bytes(photo())
        assert stream.receive_json()['people']


def test_images_are_looked_at_by_one_thread(monkeypatch):
    """Some at once would fill the memory, and threads of several teams disturb each other."""
    threads = []
    estimator = Estimator()
    infer = estimator._infer
    estimator._infer = lambda inputs: threads.append(threading.get_ident()) or infer(inputs)
    decode = app.decode_image
    monkeypatch.setattr(
        app, 'decode_image', lambda *args: threads.append(threading.get_ident()) or decode(*args)
    )
    client = TestClient(create_app(estimator, 'mini'), base_url='http://localhost:8000')
    with ThreadPoolExecutor(4) as pool:
        for answer in pool.map(lambda _: client.post('/api/predict', content=photo()), range(8)):
            assert answer.status_code == 200
    assert len(threads) == 16 and len(set(threads)) == 1


def test_there_are_not_too_many_streams(client):
    with client.websocket_connect(STREAM), client.websocket_connect(STREAM) as more:
        assert more.receive_json() == {'error': 'there are already 1 streams; close one'}
    with client.websocket_connect(STREAM) as again:
        again.send_bytes(photo())
        assert again.receive_json()['people']


def test_other_pages_get_nothing(client):
    assert client.get('/api/model', headers={'host': 'evil.example'}).status_code == 400
    headers = {'origin': 'http://evil.example'}
    refused = pytest.raises(WebSocketDisconnect)
    with refused as caught, client.websocket_connect(STREAM, headers=headers):
        pass
    assert caught.value.code == 1008
    response = client.post('/api/predict', content=photo(), headers=headers)
    assert response.status_code == 403 and 'error' in response.json()
    with client.websocket_connect(STREAM, headers={'origin': 'http://localhost:8000'}):
        pass


PROXY = 'https://pose.example.org'


@pytest.mark.parametrize('host', ['pose.example.org', 'localhost:8000', '127.0.0.1:8000', '[::1]'])
def test_a_proxy_in_front(host):
    """Proxies pass on the host that was asked for, or, as nginx does, the server's own."""
    served = create_app(Estimator(), 'mini', public_hosts=['pose.example.org', 'lab.org:8443'])
    client = TestClient(served, base_url='http://localhost:8000')
    for origin in (PROXY, 'http://pose.example.org', 'https://lab.org:8443'):
        headers = {'host': host, 'origin': origin}
        answer = client.post('/api/predict', content=photo(), headers=headers)
        assert answer.status_code == 200 and answer.json()['people']
        with client.websocket_connect('/api/stream', headers=headers) as stream:
            stream.send_bytes(photo())
            assert stream.receive_json()['people']


@pytest.mark.parametrize(
    'headers',
    [
        {'origin': 'https://evil.example'},
        {'origin': 'https://pose.example.org.evil.example'},
        {'origin': 'https://pose.example.org:8443'},  # another server of that machine
        {'origin': 'https://lab.org'},
        {'origin': 'null'},
        {'origin': 'no address ['},
        {'origin': 'https://evil.example', 'x-forwarded-host': 'evil.example'},
        {'host': 'evil.example', 'origin': 'https://evil.example'},
        {'host': 'evil.example', 'x-forwarded-host': 'pose.example.org'},
    ],
)
def test_nobody_else_gets_through_a_proxy(headers):
    served = create_app(Estimator(), 'mini', public_hosts=['pose.example.org', 'lab.org:8443'])
    client = TestClient(served, base_url='http://localhost:8000')
    response = client.post('/api/predict', content=photo(), headers=headers)
    assert response.status_code in (400, 403)
    assert '--public-host' in response.json()['error'] and '\n' not in response.text
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect('/api/stream', headers=headers),
    ):
        pass


def test_without_a_name_the_proxy_is_refused(client):
    headers = {'origin': PROXY}
    assert client.post('/api/predict', content=photo(), headers=headers).status_code == 403
