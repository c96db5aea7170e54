import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litepose_mm.decoding import BilinearMaps, refine
from litepose_mm.decoding.compiled import find_missing, quarter_offsets
from litepose_mm.decoding.refine import mean_person_tags

pytestmark = pytest.mark.usefixtures('decoding')


def dense_search(heatmaps, tags, keypoint, person_tag, weight):
    """The best pixel over the whole maps; the first in reading order among equals."""
    heat, tag = heatmaps.dense(), tags.dense()
    num_keypoints, height, width = heat.shape
    result = []
    for k, own in zip(keypoint, person_tag):
        squared = np.zeros((height, width), dtype=np.float32)
        for dim, value in enumerate(own):
            squared += (tag[dim * num_keypoints + k] - value) ** 2
        score = heat[k] - np.float32(weight) * np.round(np.sqrt(squared))
        y, x = np.unravel_index(score.argmax(), score.shape)
        result.append((y, x, heat[k, y, x]))
    return result


@settings(deadline=None, max_examples=200)
@given(
    st.integers(0, 10**6),
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    st.sampled_from([1, 2]),
    st.sampled_from([1.0, 100.0]),
    st.sampled_from([0.0, 0.2, 2.0]),
    st.sampled_from([2, 4, 6, 3.3]),
    st.booleans(),
    st.sampled_from([0, 20, 3000, 1e6]),
)
def test_equals_the_search_over_full_maps(
    seed, coarse, tag_dim, weight, spread, factor, ties, shift
):
    """At 1, 2 and 3 times the heatmaps' size and others, with and without many equal values."""
    rng = np.random.default_rng(seed)
    num_keypoints, num_missing = 3, 5
    fine = tuple(2 * side for side in coarse)
    size = tuple(int(side * factor) for side in coarse)
    heat = rng.normal(0, 0.3, (num_keypoints, *fine)).astype(np.float32)
    tag = rng.normal(0, spread, (tag_dim * num_keypoints, *coarse)).astype(np.float32)
    if ties:
        heat, tag = np.round(heat * 4) / 4, np.round(tag * 2) / 2
    tag += np.float32(shift)
    heatmaps = BilinearMaps(heat, size)
    tags = BilinearMaps(BilinearMaps(tag, fine), size)
    keypoint = rng.integers(0, num_keypoints, num_missing)
    person_tag = rng.normal(0, 1, (num_missing, tag_dim)).astype(np.float32)
    person_tag += rng.choice([0, shift], (num_missing, 1)).astype(np.float32)
    found = find_missing(heatmaps, tags, keypoint, person_tag, weight)
    expected = dense_search(heatmaps, tags, keypoint, person_tag, weight)
    assert list(zip(found.y, found.x, found.value)) == expected


@pytest.mark.parametrize('seed', range(3))
def test_squares_are_looked_into_in_parts(seed, monkeypatch):
    """Many squares whose bounds all promise a tag that only few pixels have."""
    monkeypatch.setattr(refine, '_FIRST', 1)
    monkeypatch.setattr(refine, '_CHUNK', 2)
    rng = np.random.default_rng(seed)
    heat = rng.uniform(0, 1, (2, 50, 60)).astype(np.float32)
    tag = rng.choice([0.0, 10.0], (2, 25, 30)).astype(np.float32)
    heatmaps = BilinearMaps(heat, (100, 120))
    tags = BilinearMaps(BilinearMaps(tag, (50, 60)), (100, 120))
    keypoint, person_tag = np.array([1, 0, 1, 1]), np.float32([[5.0], [2.0], [7.0], [30.0]])
    found = find_missing(heatmaps, tags, keypoint, person_tag)
    expected = dense_search(heatmaps, tags, keypoint, person_tag, 1)
    assert list(zip(found.y, found.x, found.value)) == expected


def test_the_first_of_equal_pixels_wins():
    heat = np.zeros((1, 40, 40), dtype=np.float32)
    heat[0, 30, 5] = heat[0, 8, 33] = 0.5
    view, tags = (BilinearMaps(maps, (40, 40)) for maps in (heat, np.zeros_like(heat)))
    found = find_missing(view, tags, np.array([0]), np.zeros((1, 1), dtype=np.float32))
    assert (found.y[0], found.x[0], found.value[0]) == (8, 33, 0.5)


def test_nothing_missing():
    maps = BilinearMaps(np.zeros((1, 4, 4), dtype=np.float32), (8, 8))
    found = find_missing(maps, maps, np.zeros(0, int), np.zeros((0, 1), np.float32))
    assert [len(part) for part in found] == [0, 0, 0]


@pytest.mark.parametrize(
    'y, x, authors, mmpose',
    [
        (2, 2, (0.25, -0.25), (0.25, -0.25)),
        (0, 0, (-0.25, 0.25), (0, 0)),  # a tie in x; the border
        (4, 4, (-0.25, -0.25), (0, 0)),
    ],
)
def test_quarter_offsets(y, x, authors, mmpose):
    heat = np.zeros((1, 5, 5), dtype=np.float32)
    heat[0, 2] = [0, 1, 5, 2, 0]
    heat[0, 1, 2] = 1
    heat[0, 1, 0] = 1
    view = BilinearMaps(heat, (5, 5))
    where = np.array([0]), np.array([y]), np.array([x])
    assert quarter_offsets(view, *where).tolist() == [list(authors)]
    assert quarter_offsets(view, *where, ties_to_zero=True).tolist() == [list(mmpose)]


def test_mean_person_tags():
    tags = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    present = np.array([[True, False, True], [False, False, False]])
    np.testing.assert_array_equal(mean_person_tags(tags, present), [[2, 3], [0, 0]])
