import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from litepose_mm.evaluation.functional.oks import box_areas, keypoint_similarity


def test_areas():
    keypoints = np.array([[[0, 0], [10, 20], [99, 99]], [[5, 5], [5, 5], [0, 0]]])
    seen = np.array([[True, True, False], [False, False, False]])
    assert box_areas(keypoints, seen).tolist() == [200, 1]
    assert box_areas(keypoints[:0], seen[:0]).tolist() == []


@given(st.integers(0, 99))
def test_similarity_is_cocos(seed):
    """As xtcocotools computes it, one pair after the other."""
    rng = np.random.default_rng(seed)
    one, other = rng.uniform(0, 50, (2, 3, 2)), rng.uniform(0, 50, (4, 3, 2))
    one_seen, other_seen = rng.random((2, 3)) < 0.7, rng.random((4, 3)) < 0.7
    sigmas, areas = rng.uniform(0.02, 0.1, 3), rng.uniform(100, 900, 2)
    found = keypoint_similarity(one, one_seen, other, other_seen, sigmas, areas)
    for a in range(2):
        for b in range(4):
            both = one_seen[a] & other_seen[b]
            e = ((one[a] - other[b]) ** 2).sum(-1) / (2 * sigmas) ** 2 / areas[a] / 2
            expected = np.exp(-e[both]).mean() if both.any() else 0
            np.testing.assert_allclose(found[a, b], expected)
