import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litepose_mm.errors import LitePoseError
from litepose_mm.tracking import OneEuroFilter

TIMES = np.arange(60) / 30


def run(smooth, points, times=TIMES, **options):
    return np.array([smooth(each, time, **options) for time, each in zip(times, points)])


def test_rest_stays_and_the_first_value_is_as_it_came():
    points = np.tile([[3.0, 4.0]], (60, 1, 1))
    np.testing.assert_allclose(run(OneEuroFilter(), points), points)


def test_noise_is_smoothed_and_lower_cutoffs_smooth_more():
    noise = np.random.default_rng(0).normal(size=(60, 5, 2))
    left = [run(OneEuroFilter(cutoff), noise)[20:].std() for cutoff in (0.5, 2, 8)]
    assert 0 < left[0] < left[1] < left[2] < noise[20:].std()


def test_quick_movement_lags_less_with_beta():
    points = np.stack([300 * TIMES, 0 * TIMES], axis=1)[:, None]
    lags = [np.abs(run(OneEuroFilter(1, beta), points) - points)[-1].max() for beta in (0, 0.1)]
    assert lags[0] > 5 * lags[1] > 0


@given(st.floats(0.1, 100), st.integers(0, 9))
def test_units_do_not_matter(scale, seed):
    points = np.random.default_rng(seed).normal(size=(9, 3, 2)).cumsum(axis=0)
    small = run(OneEuroFilter(1, 0.5), points)
    large = run(OneEuroFilter(1, 0.5), scale * points, unit=scale)
    np.testing.assert_allclose(large, scale * small, rtol=1e-6, atol=1e-9)


def test_what_is_not_seen():
    smooth = OneEuroFilter(max_gap=0.2)
    first, second = np.array([[0.0, 0.0], [5.0, 5.0]]), np.array([[1.0, 0.0], [9.0, 9.0]])
    smooth(first, 0.0, seen=np.array([True, False]))
    out = smooth(second, 0.1, seen=np.array([True, False]))
    assert 0 < out[0, 0] < 1 and out[1].tolist() == [9, 9]
    # seen for the first time, and again after a long gap: as it comes
    out = smooth(second, 0.5, seen=np.array([True, True]))
    assert out.tolist() == second.tolist()


def test_prediction_goes_on_at_the_speed_for_a_while():
    points = np.stack([30 * TIMES, 0 * TIMES], axis=1)[:, None]
    smooth = OneEuroFilter(max_gap=0.5)
    smoothed = run(smooth, points)
    assert points[-1, 0, 0] - smoothed[-1, 0, 0] > 3  # the lag is no speed
    for later, moved in ((0.1, 3), (0.5, 15), (9, 15)):
        predicted = smooth.predict(TIMES[-1] + later)[0, 0] - points[-1, 0, 0]
        np.testing.assert_allclose(predicted, moved, atol=0.1)


def test_points_are_predicted_to_go_together():
    points = np.zeros((60, 2, 2))
    points[:, 0, 0], points[:, 1, 0] = 20 * TIMES, 40 * TIMES
    smooth = OneEuroFilter()
    run(smooth, points[:-1], TIMES[:-1])
    predicted = smooth.predict(TIMES[-2] + 0.1) - points[-2]
    np.testing.assert_allclose(predicted[:, 0], 3, atol=0.1)
    # those that were seen last say how fast
    smooth(points[-1], TIMES[-1], seen=np.array([False, True]))
    predicted = smooth.predict(TIMES[-1] + 0.1)[1, 0] - points[-1, 1, 0]
    np.testing.assert_allclose(predicted, 4, atol=0.1)


@pytest.mark.parametrize('options', [dict(min_cutoff=0), dict(beta=-1), dict(max_gap=-1)])
def test_other_numbers(options):
    with pytest.raises(LitePoseError, match='One-Euro filter: expected'):
        OneEuroFilter(**options)
