import numpy as np
import pytest

from litepose_mm.codecs.gaussian_targets import draw_gaussians


def draw(centres, sigma, radius, shifts=None):
    centres = np.array(centres)
    drawn = np.ones(centres.shape[:2], dtype=bool)
    return draw_gaussians((30, 20), centres, sigma, radius, drawn, shifts)


def gaussian(x, y, sigma, radius):
    rows, columns = np.mgrid[:20, :30]
    patch = (abs(columns - round(x)) <= radius) & (abs(rows - round(y)) <= radius)
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)) * patch


def test_the_highest_of_all_people():
    centres = [[[5, 6], [20, 3]], [[9, 8], [20, 3]]]
    heatmaps = draw(centres, 2.0, 7)
    assert heatmaps.shape == (2, 20, 30) and heatmaps.dtype == np.float32
    one, other = gaussian(5, 6, 2, 7), gaussian(9, 8, 2, 7)
    np.testing.assert_allclose(heatmaps[0], np.maximum(one, other), atol=1e-7)
    np.testing.assert_allclose(heatmaps[1], gaussian(20, 3, 2, 7), atol=1e-7)


def test_fractions_of_a_pixel():
    shifts = np.array([[[0.25, -0.4]], [[0.4, 0.0]]])
    heatmap = draw([[[5, 6]], [[29, 0]]], 1.5, 5, shifts)[0]
    first = gaussian(5.25, 5.6, 1.5, 5)
    second = gaussian(29.4, 0, 1.5, 5)
    np.testing.assert_allclose(heatmap, np.maximum(first, second), atol=1e-7)


def test_patches_are_cut_at_the_border():
    heatmap = draw([[[-2, 22]]], 2.0, 6)[0]
    rows, columns = np.nonzero(heatmap)
    assert columns.max() == 4 and rows.min() == 16
    assert heatmap[19, 0] == pytest.approx(np.exp(-(2**2 + 3**2) / 8))


def test_heights_are_those_of_the_peaks():
    centres = np.array([[[5, 5]], [[20, 5]], [[20, 15]]])
    maps = draw_gaussians((30, 20), centres, 2.0, 6, np.array([[1.0], [0.25], [0.0]]))
    assert maps[0, 5, 5] == 1 and maps[0, 5, 20] == 0.25 and maps[0, 15, 20] < 0.01
