"""The sheet: what there is, in a row, at a size that can be read."""

import numpy as np
import pytest
from pose_builders import make_result

from litepose_mm.visualization import draw_sheet
from litepose_mm.visualization.sheet import _GAP, _LINE, _LONG_SIDE

TOP = _GAP + 2 * _LINE


def panel(sheet, index, width=_LONG_SIDE):
    left = _GAP + index * (width + _GAP)
    return sheet[TOP:-_GAP, left : left + width]


def gray(width=64, height=48):
    return np.full((height, width, 3), 128, np.uint8)


@pytest.mark.parametrize('size', [(64, 48), (48, 64), (1500, 700), (3, 2)])
def test_panels_are_of_one_size_and_not_distorted(size):
    people = make_result(2, image_size=size)
    maps = np.zeros((3, 5, 5), np.float32)
    sheet = draw_sheet(gray(*size), people, people, maps, maps)
    width, height = (round(side * _LONG_SIDE / max(size)) for side in size)
    assert sheet.shape == (TOP + height + _GAP, _GAP + 4 * (width + _GAP), 3)
    assert sheet.dtype == np.uint8


def test_shows_what_there_is():
    people = make_result(1)
    maps = np.ones((3, 12, 16), np.float32)
    widths = [
        draw_sheet(gray(), people, *rest).shape[1]
        for rest in ((), (people,), (people, maps), (people, maps, maps), (None, maps))
    ]
    assert [(width - _GAP) / (_LONG_SIDE + _GAP) for width in widths] == [1, 2, 3, 4, 2]


def test_people_are_drawn_where_they_are():
    truth = make_result(1, keypoints=[[[10, 10], [30, 10], [10, 40]]])
    found = make_result(1, keypoints=[[[50, 10], [60, 10], [50, 40]]])
    sheet = draw_sheet(gray(), found, truth)
    zoom = _LONG_SIDE / 64
    for index, x in ((0, 10), (1, 50)):
        drawn = (panel(sheet, index) != 128).any(axis=2)
        rows, columns = np.nonzero(drawn)
        assert abs(columns.min() / zoom - x) < 2 and abs(rows.min() / zoom - 10) < 2
        assert drawn[round(25 * zoom), round(x * zoom)]


def test_the_caption_counts_people_of_whom_something_is_drawn():
    def captions(*scores):
        people = make_result(2, keypoint_scores=[[score] * 3 for score in scores])
        return draw_sheet(gray(), people, keypoint_threshold=0.2)[_LINE + _GAP : TOP]

    np.testing.assert_array_equal(captions(0.9, 0.1), captions(0.3, 0.0))
    assert (captions(0.9, 0.1) != captions(0.9, 0.9)).any()


def test_long_titles_fit():
    short, long = (draw_sheet(gray(), make_result(0), title=n * 'name') for n in (1, 60))
    assert short.shape == long.shape
    assert (long[:_LINE, long.shape[1] // 2 :] != long[0, 0]).any()
    assert (long[:_LINE, -_GAP + 2 :] == long[0, 0]).all()  # not beyond the edge
