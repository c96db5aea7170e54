import numpy as np
import pytest
from pose_builders import make_result

from litepose_mm.decoding import Panel
from litepose_mm.preprocessing.resize import resize_align
from litepose_mm.realtime import Frame, FrameResult, Statistics
from litepose_mm.realtime.view import View, notice, status_lines

IMAGE = np.full((120, 160, 3), 90, np.uint8)
STATISTICS = Statistics(27.6, dict(grabbing=1.0, network=20.25), 9, 3, 45.4)


class Estimator:
    """Knows maps on an input with borders left and right: the first keypoint is at (30, 90)."""

    def __init__(self, has_maps=True):
        self.has_maps = has_maps

    def get_panels(self, prepared, outputs):
        if not self.has_maps:
            return None
        seen = resize_align(IMAGE, (128, 64))
        heatmaps, tags = np.zeros((3, 32, 64), np.float32), np.zeros((3, 32, 64), np.float32)
        x, y = ((30, 90) - seen.center) / seen.zoom + (64, 32)
        heatmaps[0, round(y / 2) - 1 : round(y / 2) + 2, round(x / 2) - 1 : round(x / 2) + 2] = 1
        return seen, {'heatmaps': Panel(heatmaps), 'tags': Panel(tags, heatmaps)}


def shown(**changes):
    result = make_result(people=1, image_size=(160, 120), **changes)
    return FrameResult(Frame(IMAGE, 0, 0.0), result, None, None)


def changed(drawing):
    """Where it differs from the image."""
    return (drawing != IMAGE).any(axis=2)


def test_people_are_drawn_and_nothing_else_is_changed():
    each = shown(ids=[4])
    before = each.frame.image.copy()
    plain = View(ids=False, status=False).draw(each, Estimator(), STATISTICS)
    assert 0 < changed(plain).sum() < 0.5 * changed(plain).size
    assert np.array_equal(each.frame.image, before)
    labelled = View(status=False).draw(each, Estimator(), STATISTICS)
    told = View().draw(each, Estimator(), STATISTICS)
    counts = [changed(drawing).sum() for drawing in (plain, labelled, told)]
    assert counts[0] < counts[1] < counts[2]


def test_a_mirror_changes_left_and_right_but_not_the_text():
    view = View(ids=False, status=False)
    plain = view.draw(shown(), Estimator())
    view.mirrored = True
    difference = np.abs(view.draw(shown(), Estimator()).astype(int) - plain[:, ::-1].astype(int))
    assert np.percentile(difference, 98) < 40  # lines are drawn from the other side
    told = View(mirrored=True, ids=False).draw(shown(), Estimator(), STATISTICS)
    assert changed(told)[:20, :20].any()


@pytest.mark.parametrize('mode', ['heatmaps', 'tags'])
def test_maps_are_drawn_at_the_size_of_the_frame(mode):
    drawing = View(mode, status=False).draw(shown(), Estimator())
    assert drawing.shape == IMAGE.shape
    bright = np.argwhere(drawing.max(axis=2) > 50)[:, ::-1]
    np.testing.assert_allclose(bright.mean(axis=0), (30, 90), atol=3)
    assert np.ptp(bright, axis=0).max() < 16  # the rest is dark
    assert drawing[:, [1, -2]].min() > 20  # the border of the input is not shown
    mirrored = View(mode, mirrored=True, status=False).draw(shown(), Estimator())
    assert np.array_equal(mirrored, drawing[:, ::-1])


def test_a_model_without_maps_says_so():
    told = View('tags', ids=False).draw(shown(), Estimator(False), STATISTICS)
    people = View(ids=False).draw(shown(), Estimator(False), STATISTICS)
    assert changed(told).sum() > changed(people).sum()


def test_a_notice():
    drawing = IMAGE.copy()
    told = notice('nothing new from camera 0', drawing)
    assert changed(told)[50:70].any() and not changed(told)[80:].any()
    assert np.array_equal(drawing, IMAGE)
    blank = notice('waiting')
    assert blank.shape == (360, 640, 3) and blank.any()


def test_text_is_as_small_as_the_image_needs():
    small = np.full((64, 96, 3), 60, np.uint8)
    told = notice('nothing new from a camera whose name is long', small)
    assert (told != small).any() and not (told != small)[:, -8:].any()


def test_modes():
    view = View()
    seen = [view.mode]
    for _ in range(3):
        view.next_mode(('skeletons', 'heatmaps', 'tags'))
        seen.append(view.mode)
    assert seen == ['skeletons', 'heatmaps', 'tags', 'skeletons']


def test_status():
    assert status_lines(STATISTICS) == [
        '27.6 fps, 45 ms behind, 3 dropped',
        'ms: grab 1.0, network 20.2',
    ]
