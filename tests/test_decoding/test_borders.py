"""What lies beside the image does not count."""

import numpy as np
import pytest

from litepose_mm.decoding import (
    AssociativeEmbeddingCandidates,
    AssociativeEmbeddingDecoder,
    hide_borders,
)
from litepose_mm.errors import LitePoseError

BOX = (0.0, 7.9, 32.0, 20.1)  # of an input of 32x32, whose maps have a stride of 2


def test_maps_are_zero_beyond_the_image():
    heatmaps = np.ones((2, 3, 16, 16))
    hidden = hide_borders(heatmaps, [BOX, None], (32, 32))
    assert heatmaps.all()
    rows = np.flatnonzero(hidden[0, 0].any(1))
    assert (rows[0], rows[-1]) == (4, 9)  # middles at 9 and 19; those at 7 and 21 are beyond
    assert hidden[0, :, 4:10].all() and hidden[1].all()
    assert hide_borders(heatmaps, [None, None], (32, 32)) is heatmaps


def test_columns_too():
    hidden = hide_borders(np.ones((1, 1, 4, 8)), [(3.0, 0.0, 9.0, 8.0)], (8, 16))
    np.testing.assert_array_equal(hidden[0, 0], np.tile([0, 1, 1, 1, 1, 0, 0, 0], (4, 1)))


def test_candidates_of_an_input_with_a_border_are_refused():
    """The graph picks the best peaks before anybody knows which lie in the border."""
    rules = AssociativeEmbeddingDecoder(3, missing='none')
    decoder = AssociativeEmbeddingCandidates(rules=rules, stride=2, tag_dim=1)
    candidates = np.ones((1, 3, 4)), np.zeros((1, 3, 4, 2)), np.zeros((1, 3, 4, 1))
    # The second box hides no pixel of the maps.
    for box in (None, (0.0, 0.9, 48.0, 31.1)):
        (people,) = decoder.decode(candidates, (32, 48), [box])
        assert len(people.scores)
    with pytest.raises(LitePoseError, match='images that fill its input of 48x32') as caught:
        decoder.decode(candidates, (32, 48), [BOX])
    assert '\n' not in str(caught.value)
