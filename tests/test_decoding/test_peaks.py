import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from litepose_mm.decoding import BilinearMaps
from litepose_mm.decoding import peaks as peaks_module
from litepose_mm.decoding.compiled import find_peaks
from litepose_mm.testing import reference

pytestmark = pytest.mark.usefixtures('decoding')


def peaks_of_full_maps(heatmaps, size, threshold, kernel, top_k):
    """Max-pooling, comparison and sorting over the whole maps that the view stands for."""
    maps = torch.from_numpy(BilinearMaps(heatmaps, size).dense())[None]
    highest = F.max_pool2d(maps, kernel, 1, kernel // 2) == maps
    result = []
    for values, keep in zip(maps[0].numpy(), highest[0].numpy()):
        y, x = np.nonzero(keep & (values.astype(np.float64) > threshold))
        order = np.lexsort((y * values.shape[1] + x, -values[y, x]))[:top_k]
        result.append((values[y, x][order], y[order], x[order]))
    return result


def smooth(shape, seed, threshold_share=0.5):
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.normal(0, 0.2, (1, shape[0], 4, 5)).astype(np.float32))
    fine = rng.normal(0, 0.01, shape).astype(np.float32)
    return F.interpolate(coarse, size=shape[1:], mode='bicubic')[0].numpy() + fine


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(1, 14), st.integers(1, 14)),
    st.sampled_from([(2, 2), (1, 1), (4, 4), (2, 3), (1.5, 2)]),
    st.sampled_from([1, 3, 5, 7]),
    st.sampled_from([-1.0, 0.0, 0.1]),
    st.booleans(),
)
def test_equals_the_search_over_full_maps(seed, source, factor, kernel, threshold, noisy):
    shape = (2, *source)
    maps = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    maps = maps if noisy else smooth(shape, seed)
    size = tuple(max(1, int(side * f)) for side, f in zip(source, factor))
    found = find_peaks(BilinearMaps(maps, size), threshold, kernel, top_k=4)
    expected = peaks_of_full_maps(maps, size, threshold, kernel, 4)
    for peaks, others in zip(found, expected):
        for own, other in zip((peaks.values, peaks.y, peaks.x), others):
            np.testing.assert_array_equal(own, other)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(1, 9), st.integers(1, 9)),
    st.sampled_from([1, 2, 3]),
    st.sampled_from([3, 5]),
    st.sampled_from([(1, 0.0), (0.1, -0.3), (1e4, -7e4)]),
)
def test_ties_and_any_range_of_values(seed, source, factor, kernel, scale_and_shift):
    """Few different values, so that neighbours, peaks and the threshold are often equal."""
    scale, shift = scale_and_shift
    levels = np.random.default_rng(seed).integers(0, 4, (2, *source))
    maps = (scale * levels + shift).astype(np.float32)
    size = tuple(factor * side for side in source)
    for threshold in (float(maps.min()), float(maps.max()) - 1e-6 * scale, 0.1):
        found = find_peaks(BilinearMaps(maps, size), threshold, kernel, top_k=7)
        expected = peaks_of_full_maps(maps, size, threshold, kernel, 7)
        for peaks, others in zip(found, expected):
            for own, other in zip((peaks.values, peaks.y, peaks.x), others):
                np.testing.assert_array_equal(own, other)


@pytest.mark.parametrize('scale, shift', [(1 / 3, 0.1), (1e4 / 3, -7e4)])
def test_differences_that_rounding_decides(scale, shift):
    levels = np.random.default_rng(0).integers(0, 8, (1, 40, 40))
    maps = (scale * levels + shift).astype(np.float32)
    everything = maps.min() - 1, 3, 10**6
    (peaks,) = find_peaks(BilinearMaps(maps, (80, 80)), *everything)
    values, y, x = peaks_of_full_maps(maps, (80, 80), *everything)[0]
    np.testing.assert_array_equal((peaks.y, peaks.x), (y, x))


def test_a_peak_above_the_threshold_whose_own_pixel_is_not():
    maps = np.float32([[[4, 1, 0, 0], [2, 3, 4, 0], [0, 4, 1, 3], [1, 2, 3, 5]]])
    (peaks,) = find_peaks(BilinearMaps(maps, (8, 8)), 3.1, 3)
    at = list(zip(peaks.y, peaks.x)).index((3, 3))
    assert peaks.values[at] == 3.25 > 3.1 > maps[0, 1, 1]


def test_many_equal_pixels_are_compared_in_parts(monkeypatch):
    monkeypatch.setattr(peaks_module, '_CHUNK', 7)
    maps = np.ones((2, 5, 6), dtype=np.float32)
    for size in ((5, 6), (10, 12)):
        first, second = find_peaks(BilinearMaps(maps, size), 0.1, top_k=1000)
        assert len(first.values) == len(second.values) == size[0] * size[1]


def test_plateaus_give_all_their_pixels():
    maps = np.zeros((1, 6, 6), dtype=np.float32)
    maps[0, 2, 2:4] = 1
    (peaks,) = find_peaks(BilinearMaps(maps, (6, 6)), 0.1)
    assert sorted(zip(peaks.y, peaks.x)) == [(2, 2), (2, 3)]


def test_nothing_above_the_threshold():
    for size in ((6, 6), (12, 12)):
        peaks = find_peaks(BilinearMaps(np.zeros((3, 6, 6), dtype=np.float32), size), 0.1)
        assert [len(p.values) for p in peaks] == [0, 0, 0]


def test_values_at_the_threshold_are_compared_in_double_precision():
    # The authors compare float32 values with the double 0.1: float32(0.1) is above it.
    maps = np.zeros((1, 3, 3), dtype=np.float32)
    maps[0, 1, 1] = 0.1
    (peaks,) = find_peaks(BilinearMaps(maps, (3, 3)), 0.1)
    assert len(peaks.values) == 1


@pytest.mark.parametrize('size', [(20, 30), (40, 60)])
def test_agrees_with_the_authors_procedure(size):
    maps = smooth((5, 20, 30), 3)
    full = reference.interpolate(torch.from_numpy(maps)[None], size)[0].numpy()
    tags = np.zeros((*full.shape, 1), dtype=np.float32)
    values, _, locations = reference.top_k(full, tags, 30)
    for joint, peaks in enumerate(find_peaks(BilinearMaps(maps, size), 0.1)):
        keep = values[joint] > 0.1
        np.testing.assert_allclose(peaks.values, values[joint][keep], atol=1e-6)
        np.testing.assert_array_equal(np.stack([peaks.x, peaks.y], -1), locations[joint][keep])
