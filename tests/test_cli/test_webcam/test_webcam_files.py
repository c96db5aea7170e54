"""``litepose webcam`` without a screen: what it reads, what it writes, and how it ends."""

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.media import VideoReader, VideoWriter, write_image
from litepose_mm.realtime import FileSource, Frame, Source
from litepose_mm.realtime.view import View


def test_without_a_screen(run, video, tmp_path):
    status, out, err = run(video, '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert (status, err) == (0, '')
    assert out.startswith('8 frames, ') and out.endswith('; wrote o.mp4, o.jsonl\n')
    assert len(list(VideoReader(tmp_path / 'o.mp4'))) == 8
    lines = [json.loads(line) for line in (tmp_path / 'o.jsonl').read_text().splitlines()]
    assert [line['frame'] for line in lines] == list(range(8))
    assert any('id' in person for line in lines for person in line['people'])


def test_options(run, video, tmp_path):
    status, out, _ = run(
        *(video, '--no-display', '--jsonl', 'o.jsonl', '--no-track', '--max-frames', 3),
        *('--live', '--min-score', 0),
    )
    assert status == 0 and out.startswith('3 frames')
    people = json.loads((tmp_path / 'o.jsonl').read_text().splitlines()[0])['people']
    assert people and not any('id' in person for person in people)


def test_bad_images_are_told_and_left_out(run, tmp_path):
    (tmp_path / 'in').mkdir()
    for name in 'ac':
        write_image(tmp_path / 'in' / f'{name}.png', np.zeros((64, 96, 3), np.uint8))
    (tmp_path / 'in' / 'b.png').write_text('no image')
    status, out, err = run('in', '--no-display', '--jsonl', 'o.jsonl')
    assert status == 1 and out.startswith('2 frames') and err.startswith('litepose: skipped: ')
    lines = (tmp_path / 'o.jsonl').read_text().splitlines()
    assert [json.loads(line)['frame'] for line in lines] == [0, 2]
    assert [json.loads(line)['file'] for line in lines] == ['in/a.png', 'in/c.png']
    status, out, _ = run('in/b.png', '--no-display')
    assert (status, out) == (1, '')


class VideoThatBreaks(FileSource):
    def frames(self):
        yield from super().frames()
        raise LitePoseError('the video is cut short')


def test_frames_before_the_break_of_a_video_are_kept(run, video, tmp_path, source):
    source(VideoThatBreaks(video))
    status, _, err = run('--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert status == 2 and 'the video is cut short' in err
    assert len((tmp_path / 'o.jsonl').read_text().splitlines()) == 8
    assert len(list(VideoReader(tmp_path / 'o.mp4'))) == 8


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['clip.mp4', '--out', 'clip.avi'], 'clip.mp4 would replace'),
        (['clip.mp4', '--out', 'link.mp4'], 'link.mp4 would replace'),
        (['clip.mp4', '--jsonl', 'clip.mp4'], 'clip.mp4 would replace'),
        (['images', '--jsonl', 'images/a.png'], 'images/a.png would replace'),
        (['clip.mp4', '--out', 'o.mp4', '--jsonl', './o.mp4'], '--out and --jsonl'),
        (['clip.mp4', '--out', 'o.avi', '--jsonl', 'o.mp4'], '--out and --jsonl'),
    ],
)
def test_nothing_that_is_read_is_replaced(run, video, tmp_path, arguments, message):
    shutil.copy(video, tmp_path / 'clip.mp4')
    (tmp_path / 'link.mp4').symlink_to('clip.mp4')
    write_image(tmp_path / 'images' / 'a.png', np.zeros((64, 96, 3), np.uint8))
    status, _, err = run(*arguments, '--no-display')
    assert status == 2 and message in err and err.count('\n') == 1
    assert (tmp_path / 'clip.mp4').read_bytes() == video.read_bytes()


def test_earlier_lines_stay_where_no_frame_comes(run, tmp_path):
    (tmp_path / 'old.jsonl').write_text('old')
    assert run(99, '--no-display', '--jsonl', 'old.jsonl')[0] == 2
    assert (tmp_path / 'old.jsonl').read_text() == 'old'


def test_a_codec_that_is_missing(run, video, tmp_path, monkeypatch):
    monkeypatch.setattr('litepose_mm.media.video_writing._CODECS', (('no_such_codec', {}),))
    status, out, err = run(video, '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert (
        (status, out) == (2, '')
        and 'cannot write the video o.mp4' in err
        and 'no_such_codec' in err
    )
    assert json.loads((tmp_path / 'o.jsonl').read_text())['frame'] == 0
    assert not (tmp_path / 'o.mp4').exists()


@pytest.mark.parametrize(('number', 'status'), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_real_signal_leaves_whole_files(model, tmp_path, number, status):
    with VideoWriter(tmp_path / 'long.mp4', fps=50) as writer:
        for value in range(3000):
            writer.write(np.full((64, 96, 3), value % 256, np.uint8))
    options = ['--live', '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl', '--threads', '1']
    process = subprocess.Popen(
        [sys.executable, '-m', 'litepose_mm.cli', 'webcam', 'long.mp4', '--model', model, *options],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        lines = tmp_path / 'o.jsonl'
        for _ in range(1200):
            if process.poll() is not None:
                break
            if lines.exists() and lines.read_bytes().count(b'\n') > 5:
                break
            time.sleep(0.05)
        process.send_signal(number)
        process.send_signal(number)  # as GNU's timeout does
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == status, err
    assert ' frames, ' in out and out.endswith('; wrote o.mp4, o.jsonl\n')
    documents = [json.loads(line) for line in lines.read_text().splitlines()]
    frames = list(VideoReader(tmp_path / 'o.mp4'))
    assert len(documents) > 5 and len(documents) - len(frames) in (0, 1)  # the last may be underway
    assert sorted(path.name for path in tmp_path.iterdir()) == ['long.mp4', 'o.jsonl', 'o.mp4']


def test_an_interruption_leaves_whole_files(run, video, tmp_path, monkeypatch):
    def draw(self, shown, *args):
        if shown.frame.number == 4:
            raise KeyboardInterrupt
        return shown.frame.image

    monkeypatch.setattr('litepose_mm.realtime.view.View.draw', draw)
    status, out, _ = run(video, '--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert status == 130 and 'wrote o.mp4' in out
    assert len(list(VideoReader(tmp_path / 'o.mp4'))) == 4
    assert len((tmp_path / 'o.jsonl').read_text().splitlines()) == 5


@pytest.mark.slow
def test_memory_stays_flat(run, tmp_path, source, monkeypatch):
    """Hundreds of frames through the whole path; if each were kept, that would be 13 MB."""
    frames = 300
    rng = np.random.default_rng(0)
    images = [cv2.resize(rng.integers(0, 256, (4, 6, 3), np.uint8), (180, 120)) for _ in range(4)]

    class Memory(Source):
        name, is_live = 'memory', False

        def frames(self):
            for number in range(frames):
                yield Frame(images[number % 4].copy(), number, number / 25)

    used, draw = {}, View.draw

    def measured(self, shown, *args):
        if shown.frame.number in (100, frames - 1):
            pages = int(Path('/proc/self/statm').read_text().split()[1])
            used[shown.frame.number] = pages * resource.getpagesize()
        return draw(self, shown, *args)

    monkeypatch.setattr(View, 'draw', measured)
    source(Memory())
    status, out, _ = run('--no-display', '--out', 'o.mp4', '--jsonl', 'o.jsonl')
    assert status == 0 and out.startswith(f'{frames} frames')
    assert used[frames - 1] - used[100] < 4e6


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['nothing'], 'expected the number of a camera (0 to 99), the address'),
        (['99', '--no-display'], 'there is no camera 99'),
        (['.', '--no-display'], 'expected images or videos'),
        (['99', '--no-display', '--out', '.'], 'cannot write .: it is a folder'),
    ],
)
def test_bad_input_is_one_line(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, '') and message in err and err.count('\n') == 1
