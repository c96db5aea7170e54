"""What lies beside the picture does not count."""

import numpy as np
import pytest

from litepose_mm.decoding import hide_borders

BOX = (0.0, 7.9, 32.0, 20.1)  # of an input of 32x32, whose maps have a stride of 2


def test_maps_are_zero_beyond_the_picture():
    heatmaps, tags = np.ones((2, 3, 16, 16)), np.ones((2, 3, 8, 8))
    hidden, same = hide_borders((heatmaps, tags), [BOX, None], (16, 16), (32, 32))
    assert same is tags and heatmaps.all()
    rows = np.flatnonzero(hidden[0, 0].any(1))
    assert (rows[0], rows[-1]) == (4, 9)  # middles at 9 and 19; those at 7 and 21 are beyond
    assert hidden[0, :, 4:10].all() and hidden[1].all()
    (untouched, _) = hide_borders((heatmaps, tags), [None, None], (16, 16), (32, 32))
    assert untouched is heatmaps


@pytest.mark.parametrize('quarter', [-0.25, 0.25])
def test_candidates_agree_with_maps(quarter):
    """Every pixel of a map as a candidate, with the offset of either side."""
    y, x = np.mgrid[:16, :16].reshape(2, 1, 1, -1)
    positions = np.stack([x, y], axis=-1) + quarter
    values, tags = np.ones((1, 1, 256)), np.ones((1, 1, 256, 1))
    hidden, *_ = hide_borders((values, positions, tags), [BOX], (16, 16), (32, 32))
    maps, _ = hide_borders((np.ones((1, 1, 16, 16)), tags), [BOX], (16, 16), (32, 32))
    np.testing.assert_array_equal(hidden.reshape(16, 16), maps[0, 0])
