import json
import resource
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest
from pose_builders import make_result

from litepose_mm.errors import LitePoseError
from litepose_mm.media import VideoReader
from litepose_mm.realtime import Frame, JsonLinesOutput, VideoOutput

pytest.importorskip('av')
CAMERA = SimpleNamespace(fps=10)


def image(value, size=(48, 32)):
    return np.full((size[1], size[0], 3), value, np.uint8)


def frame(time, number=0):
    return Frame(image(0), number, time)


def values(path):
    return [round(float(frame.image.mean()) / 40) for frame in VideoReader(path)]


def times(path):
    return [round(frame.time, 3) for frame in VideoReader(path)]


def test_a_video_plays_at_the_speed_of_the_source(tmp_path):
    with VideoOutput(tmp_path / 'a.mp4', CAMERA) as output:
        for value, time in enumerate([7.0, 7.1, 7.5, 7.52, 7.6]):
            output.write(frame(time), image(40 * value))
    assert values(output.path) == [0, 1, 2, 3, 4]
    assert times(output.path) == [0, 0.1, 0.5, 0.52, 0.6]


def test_the_rate_is_what_the_source_knows_at_the_first_frame(tmp_path):
    source = SimpleNamespace(fps=25)
    with VideoOutput(tmp_path / 'a.mp4', source) as output:
        source.fps = 30
        for number in range(30):
            output.write(frame(number / 30), image(number))
    assert VideoReader(output.path).fps == 30 and len(values(output.path)) == 30


def test_a_long_silence_is_left_out(tmp_path):
    with VideoOutput(tmp_path / 'a.mp4', CAMERA) as output:
        for value, time in enumerate([0.0, 60.0, 60.1]):
            output.write(frame(time), image(40 * value))
    assert values(output.path) == [0, 1, 2] and times(output.path) == [0, 0.1, 0.2]


def test_frames_of_another_size_and_an_early_end(tmp_path):
    with pytest.raises(KeyboardInterrupt), VideoOutput(tmp_path / 'a.mp4', CAMERA) as output:
        output.write(frame(0), image(40))
        output.write(frame(0.1), image(80, size=(96, 64)))
        raise KeyboardInterrupt
    assert values(output.path) == [1, 2]


def test_lines_are_whole_at_once(tmp_path):
    path = tmp_path / 'new' / 'a.jsonl'
    result = make_result(people=2, ids=[3, 8])
    with JsonLinesOutput(path) as output:
        assert output.path is None and not path.exists()  # until there is a frame
        output.write(frame(0.5, 4), result)
        (line,) = path.read_text().splitlines()
        output.write(frame(0.6, 5), make_result(people=0))
    document = json.loads(line)
    assert (document['frame'], document['time']) == (4, 0.5)
    assert (document['width'], document['height']) == (64, 48)
    assert [person['id'] for person in document['people']] == [3, 8]
    np.testing.assert_allclose(
        np.array([person['keypoints'] for person in document['people']])[..., :2],
        result.keypoints,
        atol=0.006,
    )
    assert json.loads(path.read_text().splitlines()[1])['people'] == []


def test_places_where_nothing_can_be_written(tmp_path):
    (tmp_path / 'file').write_text('')
    for path in (tmp_path / 'file' / 'a.jsonl', '/dev/full'):
        with (
            pytest.raises(LitePoseError, match=f'cannot write {path}'),
            JsonLinesOutput(path) as output,
        ):
            output.write(frame(0), make_result())


@contextmanager
def largest_file(size):
    """Files cannot become larger, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_lines_before_the_disk_is_full_are_whole(tmp_path):
    path = tmp_path / 'a.jsonl'
    with (
        pytest.raises(LitePoseError, match='cannot write .*: No space left on device'),
        largest_file(1000),
        JsonLinesOutput(path) as output,
    ):
        for number in range(100):
            output.write(frame(0, number), make_result())
    numbers = [json.loads(line)['frame'] for line in path.read_text().splitlines()]
    assert numbers == list(range(len(numbers))) and numbers
