"""What notebooks show of a result."""

import cv2
import numpy as np
import pytest
from pose_builders import make_result


def shown(result):
    return cv2.imdecode(np.frombuffer(result._repr_png_(), np.uint8), cv2.IMREAD_UNCHANGED)


def test_the_drawing_on_the_image_that_the_source_names(tmp_path):
    path = tmp_path / 'x.png'
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    cv2.imwrite(str(path), image)
    result = make_result(source=str(path))
    np.testing.assert_array_equal(shown(result), result.draw())
    nobody = make_result(0, source=str(path))
    np.testing.assert_array_equal(shown(nobody), image)


@pytest.mark.parametrize('source', [None, 'missing.png', 'other.png', 'broken.png'])
def test_the_people_on_gray_where_there_is_no_such_image(tmp_path, monkeypatch, source):
    monkeypatch.chdir(tmp_path)
    cv2.imwrite('other.png', np.zeros((10, 10, 3), np.uint8))
    (tmp_path / 'broken.png').write_bytes(b'no image')
    result = make_result(source=source)
    gray = np.full((48, 64, 3), 64, np.uint8)
    np.testing.assert_array_equal(shown(result), result.draw(gray))


@pytest.mark.parametrize(
    ('size', 'expected'),
    [((4000, 3000), (720, 960)), ((30000, 2), (1, 960)), ((1, 50000), (960, 1))],
)
def test_large_images_are_shown_small(size, expected):
    result = make_result(image_size=size, source=None)
    drawing = shown(result)
    assert drawing.shape[:2] == expected
    assert (drawing != 64).any()


def test_large_images_are_read_and_shown_small(tmp_path):
    path = tmp_path / 'x.png'
    cv2.imwrite(str(path), np.full((1500, 2000, 3), 200, np.uint8))
    drawing = shown(make_result(image_size=(2000, 1500), source=str(path)))
    assert drawing.shape == (720, 960, 3) and np.median(drawing) == 200
