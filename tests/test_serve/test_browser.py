"""The page in a real Chromium, with a made-up camera that plays a file."""

import json
import shutil
import threading
import time

import cv2
import numpy as np
import pytest
from served_estimator import Estimator, photo

uvicorn = pytest.importorskip('uvicorn')
pytest.importorskip('starlette')
playwright = pytest.importorskip('playwright.sync_api')

from litepose_mm.serve import Limits, create_app  # noqa: E402

CHROMIUM = shutil.which('chromium') or shutil.which('google-chrome')
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason='no chromium (apt-get install chromium)'),
]
# Root has no sandbox; the others keep it from looking for its maker's servers.
FLAGS = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--disable-sync',
    '--disable-background-networking',
    '--disable-component-update',
]
WIDTH, HEIGHT = 320, 240


class Server:
    """A server that runs in a thread."""

    def __init__(self, **limits):
        app = create_app(Estimator(), 'mini', Limits(**limits))
        self._server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        self._thread = threading.Thread(target=self._server.run)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.address = f'http://localhost:{port}'
        return self

    def __exit__(self, *exception):
        self.stop()

    def stop(self):
        self._server.should_exit = True
        self._thread.join()


@pytest.fixture(scope='module')
def address():
    with Server(bytes=10_000) as server:
        yield server.address


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    """Chromium with a camera whose images get brighter."""
    film = tmp_path_factory.mktemp('camera') / 'film.mjpeg'
    frames = [np.full((HEIGHT, WIDTH, 3), value, np.uint8) for value in range(60, 200, 20)]
    film.write_bytes(b''.join(cv2.imencode('.jpg', frame)[1].tobytes() for frame in frames))
    camera = [
        '--use-fake-device-for-media-stream',
        '--use-fake-ui-for-media-stream',
        f'--use-file-for-fake-video-capture={film}',
    ]
    with playwright.sync_playwright() as run:
        browser = run.chromium.launch(executable_path=CHROMIUM, args=FLAGS + camera)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser):
    """``visit(address)``: the page, on which no script may fail."""
    pages, failures = [], []

    def visit(address):
        page = browser.new_page()
        pages.append(page)
        page.on('pageerror', lambda error: failures.append(error))
        page.goto(address)
        playwright.expect(page.locator('#model')).to_have_text('mini')
        return page

    yield visit
    for page in pages:
        page.close()
    assert not failures


@pytest.fixture
def page(visit, address):
    return visit(address)


def downloaded(page):
    with page.expect_download() as download:
        page.click('#download')
    assert download.value.suggested_filename == 'litepose.jsonl'
    return [json.loads(line) for line in download.value.path().read_text().splitlines()]


def colors(page):
    """How many colours the canvas shows: a plain image has one."""
    return page.evaluate(
        """() => {
            const canvas = document.getElementById('canvas');
            const area = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(area.data.buffer)).size;
        }"""
    )


def give(page, name, kind, content):
    page.set_input_files('#file', dict(name=name, mimeType=kind, buffer=content))


def test_an_image(page):
    give(page, 'grey.png', 'image/png', photo(size=(WIDTH, HEIGHT)))
    playwright.expect(page.locator('#status')).to_contain_text('1 person, ')
    assert colors(page) > 3  # somebody is drawn on the grey
    (result,) = downloaded(page)
    assert (result['width'], result['height']) == (WIDTH, HEIGHT)
    assert len(result['people']) == 1


def test_the_camera(page):
    page.click('#camera')
    playwright.expect(page.locator('#status')).to_contain_text(' fps')
    page.wait_for_timeout(500)
    page.click('#stop')
    assert page.is_disabled('#stop') and not page.inner_text('#error')
    results = downloaded(page)
    assert [result['frame'] for result in results] == list(range(len(results)))
    assert len(results) > 2
    assert all((result['width'], result['height']) == (WIDTH, HEIGHT) for result in results)
    assert {person['id'] for result in results for person in result['people']} == {0}
    assert colors(page) > 3


def test_a_video(page, tmp_path):
    """Frames say where in the video they are, whatever time it takes."""
    film = tmp_path / 'film.webm'
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter_fourcc(*'VP80'), 10, (64, 48))
    for value in range(40, 240, 10):
        writer.write(np.full((48, 64, 3), value, np.uint8))
    writer.release()
    page.evaluate("document.getElementById('video').defaultPlaybackRate = 2")
    page.set_input_files('#file', film)
    playwright.expect(page.locator('#stop')).to_be_enabled()
    playwright.expect(page.locator('#stop')).to_be_disabled()  # at its end
    assert not page.inner_text('#error')
    times = [result['time'] for result in downloaded(page)]
    assert 2 < len(times) <= 20 and times == sorted(set(times))  # each image once
    assert times[0] < 0.5 and 1.5 < times[-1] <= 2


@pytest.mark.parametrize(
    ('size', 'sent'),
    [
        ((1920, 1080), (1067, 600)),  # the network looks at a short side of 600
        ((1200, 1000), (960, 800)),
        ((900, 500), (900, 500)),
    ],
)
def test_no_less_is_sent_than_the_network_looks_at(visit, size, sent):
    with Server() as server:
        page = visit(server.address)
        give(page, 'grey.png', 'image/png', photo(size=size))
        playwright.expect(page.locator('#status')).to_contain_text('1 person, ')
        (result,) = downloaded(page)
        assert (result['width'], result['height']) == sent


def test_too_many_streams(visit):
    with Server(streams=1) as server:
        first, second = visit(server.address), visit(server.address)
        first.click('#camera')
        playwright.expect(first.locator('#status')).to_contain_text(' fps')
        second.click('#camera')
        error = second.locator('#error')
        playwright.expect(error).to_have_text('there are already 1 streams; close one')
        assert second.is_disabled('#stop')
        first.click('#stop')
        second.click('#camera')
        playwright.expect(second.locator('#status')).to_contain_text(' fps')
        assert not second.inner_text('#error')
        second.click('#stop')


def test_a_server_that_is_gone(visit):
    with Server() as server:
        page = visit(server.address)
        page.click('#camera')
        playwright.expect(page.locator('#status')).to_contain_text(' fps')
        server.stop()
        error = page.locator('#error')
        playwright.expect(error).to_have_text('the server does not answer; is it still running?')
        assert page.is_disabled('#stop') and downloaded(page)  # what there was is not lost
        for start in (
            lambda: page.click('#camera'),
            lambda: give(page, 'grey.png', 'image/png', photo()),
        ):
            page.evaluate("document.getElementById('error').textContent = ''")
            start()
            playwright.expect(error).to_contain_text('the server does not answer')


def test_a_server_that_goes_between_two_frames(visit):
    """The page learns of it while it waits for no answer."""
    with Server() as server:
        page = visit(server.address)
        page.click('#camera')
        playwright.expect(page.locator('#status')).to_contain_text(' fps')
        # its next frame is encoded when we say so
        page.evaluate('() => { HTMLCanvasElement.prototype.toBlob = (go) => { window.go = go; } }')
        page.wait_for_function('() => window.go !== undefined')
        server.stop()
        page.evaluate('() => window.go(new Blob())')
        error = page.locator('#error')
        playwright.expect(error).to_have_text('the server does not answer; is it still running?')


def test_a_second_start_begins_anew(page):
    for _ in range(2):
        page.click('#camera')
        playwright.expect(page.locator('#status')).to_contain_text(' fps')
    page.click('#stop')
    assert downloaded(page)[0]['frame'] == 0


@pytest.mark.parametrize(
    ('name', 'kind', 'content', 'message'),
    [
        ('note.png', 'image/png', b'no image', 'note.png is no image or video'),
        ('note.mp4', 'video/mp4', b'no video', 'the browser cannot play this video'),
        ('large.png', 'image/png', bytes(10_001), 'large.png is larger than'),
        ('black.png', 'image/png', photo(0), 'not enough memory'),
    ],
)
def test_bad_files_are_one_line(page, name, kind, content, message):
    give(page, name, kind, content)
    playwright.expect(page.locator('#error')).to_contain_text(message)
    assert '\n' not in page.inner_text('#error')
    # and the next one works
    give(page, 'grey.png', 'image/png', photo())
    playwright.expect(page.locator('#status')).to_contain_text('1 person')
    assert not page.inner_text('#error')
