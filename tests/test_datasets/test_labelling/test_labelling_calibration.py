"""Probabilities of scores."""

import numpy as np
import pytest

from litepose_mm.datasets.labelling import Calibration
from litepose_mm.errors import LitePoseError


def test_it_finds_the_probability_of_a_score():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.01, 1, 20_000)
    fitted = Calibration.fit(scores, rng.random(len(scores)) < scores**2)
    asked = np.array([[0.1, 0.3], [0.6, 0.9]])
    np.testing.assert_allclose(fitted(asked), asked**2, atol=0.03)


def test_probabilities_rise_with_the_score_and_are_0_of_what_was_not_found():
    rng = np.random.default_rng(0)
    scores = rng.uniform(0.01, 1, 1000)
    fitted = Calibration.fit(scores, rng.random(1000) < 0.5)  # falls in places
    asked = np.linspace(0.001, 2, 200)
    assert (np.diff(fitted(asked)) >= 0).all()
    assert fitted(asked).max() <= 1
    assert fitted(np.array([-0.1, 0.0])).tolist() == [0, 0]


def test_few_keypoints_make_one_bin_and_fewer_are_refused():
    right = np.arange(120) < 90
    fitted = Calibration.fit(np.full(120, 0.5), right)
    assert fitted(np.array([0.5, 0.9])).tolist() == [0.75, 0.75]
    with pytest.raises(LitePoseError, match='at least 100 keypoints .* 99'):
        Calibration.fit(np.full(99, 0.5), right[:99])
