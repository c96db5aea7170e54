"""The page in a real Chromium, with a made-up camera that plays a file."""

import json
import shutil
import threading
import time

import cv2
import numpy as np
import pytest
from served_estimator import Estimator, picture

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


@pytest.fixture(scope='module')
def address():
    """A server that runs."""
    app = create_app(Estimator(), 'mini', Limits(bytes=10_000))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level='error'))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f'http://localhost:{server.servers[0].sockets[0].getsockname()[1]}'
    server.should_exit = True
    thread.join()


@pytest.fixture(scope='module')
def browser(tmp_path_factory):
    """Chromium with a camera whose pictures get brighter."""
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
def page(browser, address):
    """The page, on which no script has failed."""
    page = browser.new_page()
    failures = []
    page.on('pageerror', lambda error: failures.append(error))
    page.goto(address)
    playwright.expect(page.locator('#model')).to_have_text('mini')
    yield page
    page.close()
    assert not failures


def downloaded(page):
    with page.expect_download() as download:
        page.click('#download')
    assert download.value.suggested_filename == 'litepose.jsonl'
    return [json.loads(line) for line in download.value.path().read_text().splitlines()]


def colors(page):
    """How many colours the canvas shows: a plain picture has one."""
    return page.evaluate(
        """() => {
            const canvas = document.getElementById('canvas');
            const area = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(area.data.buffer)).size;
        }"""
    )


def give(page, name, kind, content):
    page.set_input_files('#file', dict(name=name, mimeType=kind, buffer=content))


def test_a_picture(page):
    give(page, 'grey.png', 'image/png', picture(size=(WIDTH, HEIGHT)))
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


def test_a_second_start_begins_anew(page):
    for _ in range(2):
        page.click('#camera')
        playwright.expect(page.locator('#status')).to_contain_text(' fps')
    page.click('#stop')
    assert downloaded(page)[0]['frame'] == 0


@pytest.mark.parametrize(
    ('name', 'kind', 'content', 'message'),
    [
        ('note.png', 'image/png', b'no picture', 'note.png is no picture or video'),
        ('note.mp4', 'video/mp4', b'no video', 'the browser cannot play this video'),
        ('large.png', 'image/png', bytes(10_001), 'large.png is larger than'),
        ('black.png', 'image/png', picture(0), 'not enough memory'),
    ],
)
def test_bad_files_are_one_line(page, name, kind, content, message):
    give(page, name, kind, content)
    playwright.expect(page.locator('#error')).to_contain_text(message)
    assert '\n' not in page.inner_text('#error')
    # and the next one works
    give(page, 'grey.png', 'image/png', picture())
    playwright.expect(page.locator('#status')).to_contain_text('1 person')
    assert not page.inner_text('#error')
