import numpy as np
import pytest

from litepose_mm.codecs.gaussian_targets import draw_gaussians, person_extents


def draw(centres, sigmas, radii, shifts=None):
    centres = np.array(centres)
    drawn = np.ones(centres.shape[:2], dtype=bool)
    return draw_gaussians((30, 20), centres, np.array(sigmas), np.array(radii), drawn, shifts)


def gaussian(x, y, sigma, radius):
    rows, columns = np.mgrid[:20, :30]
    patch = (abs(columns - round(x)) <= radius) & (abs(rows - round(y)) <= radius)
    return np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * sigma**2)) * patch


def test_people_of_several_sizes():
    centres = [[[5, 6], [20, 3]], [[9, 8], [20, 3]]]
    heatmaps = draw(centres, [1.0, 2.0], [4, 7])
    assert heatmaps.shape == (2, 20, 30) and heatmaps.dtype == np.float32
    one, other = gaussian(5, 6, 1, 4), gaussian(9, 8, 2, 7)
    np.testing.assert_allclose(heatmaps[0], np.maximum(one, other), atol=1e-7)
    np.testing.assert_allclose(heatmaps[1], gaussian(20, 3, 2, 7), atol=1e-7)


@pytest.mark.parametrize('sigmas, radii', [([1.5], [5]), ([1.5, 0.7], [5, 3])])
def test_fractions_of_a_pixel(sigmas, radii):
    shifts = np.array([[[0.25, -0.4]], [[0.4, 0.0]]])
    heatmap = draw([[[5, 6]], [[29, 0]]], sigmas, radii, shifts)[0]
    first = gaussian(5.25, 5.6, sigmas[0], radii[0])
    second = gaussian(29.4, 0, sigmas[-1], radii[-1])
    np.testing.assert_allclose(heatmap, np.maximum(first, second), atol=1e-7)


def test_patches_are_cut_at_the_border():
    heatmap = draw([[[-2, 22]]], [2.0], [6])[0]
    rows, columns = np.nonzero(heatmap)
    assert columns.max() == 4 and rows.min() == 16
    assert heatmap[19, 0] == pytest.approx(np.exp(-(2**2 + 3**2) / 8))


def test_extents():
    keypoints = np.array([[[0.0, 0.0], [3.0, 4.0], [100.0, 0.0]]] * 4)
    labelled = np.array([[1, 1, 0], [1, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=bool)
    assert person_extents(keypoints, labelled).tolist() == [5, 100, 0, 0]
    assert person_extents(np.zeros((0, 3, 2)), np.zeros((0, 3), dtype=bool)).shape == (0,)


def test_heights_are_those_of_the_peaks():
    centres = np.array([[[5, 5]], [[20, 5]], [[20, 15]]])
    maps = draw_gaussians(
        (30, 20), centres, np.array([2.0]), np.array([6]), np.array([[1.0], [0.25], [0.0]])
    )
    assert maps[0, 5, 5] == 1 and maps[0, 5, 20] == 0.25 and maps[0, 15, 20] < 0.01
