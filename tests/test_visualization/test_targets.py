"""The targets of a sample: what is drawn where."""

import numpy as np
from pose_builders import make_result

from litepose_mm.visualization import draw_targets, person_color
from litepose_mm.visualization.targets import _HATCH

ZOOM = 24  # a panel's pixels for one of the maps', which are 16x12


def gray():
    return np.full((48, 64, 3), 128, np.uint8)


def panel(sheet, index):
    left = 8 + index * (384 + 8)
    return sheet[60:-8, left : left + 384]


def maps(row=6, column=8):
    heatmaps = np.zeros((3, 12, 16), np.float32)
    heatmaps[1, row, column] = 1
    return heatmaps


def at(drawing, row, column):
    """The middle of a map's pixel in a panel."""
    return drawing[round((row + 0.5) * ZOOM), round((column + 0.5) * ZOOM)].tolist()


def test_heatmaps_and_what_the_masks_leave_out():
    mask = np.ones((1, 12, 16), np.float32)
    mask[:, :, :4] = 0
    sheet = draw_targets(gray(), make_result(0), [maps(), maps(2, 2)], [mask])
    masked, whole = panel(sheet, 1), panel(sheet, 2)
    assert at(masked, 6, 8)[1] > 240 and at(whole, 2, 2)[1] > 240  # the left hand's green
    hatched = (masked == _HATCH).all(axis=2)
    assert not hatched[:, 4 * ZOOM :].any()
    assert 0.3 < hatched[:, : 4 * ZOOM].mean() < 0.45
    assert not (whole == _HATCH).all(axis=2).any()  # a level without a mask


def test_tags_are_drawn_where_they_are_read():
    indices = np.zeros((2, 3, 2), int)
    indices[0, 1] = 6 * 16 + 8, 1
    indices[1, 2] = 2 * 12 * 16 + 3 * 16 + 15, 1  # over keypoints, as MMPose counts
    sheet = draw_targets(gray(), make_result(2), [maps(), maps()], tag_indices={1: indices})
    drawing = panel(sheet, 3)
    assert at(drawing, 6, 8) == list(person_color(0)[::-1])
    assert at(drawing, 3, 15) == list(person_color(1)[::-1])
    drawn = (drawing != at(drawing, 0, 0)).any(axis=2)
    assert drawn.sum() == 2 * ZOOM**2  # nothing else


def test_without_maps_people_only():
    sheet = draw_targets(gray(), make_result(2))
    assert sheet.shape[1] == 8 + 384 + 8
    assert (panel(sheet, 0) != 128).any()
