import numpy as np
import pytest
import xtcocotools.mask
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from litepose_mm.annotations.run_lengths import run_length_fault, uncompress


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)), elements=st.integers(0, 1))
)
def test_right_ones_are_read_as_by_coco(mask):
    runs = xtcocotools.mask.encode(np.asfortranarray(mask))
    assert run_length_fault(runs, mask.shape) is None
    counts = uncompress(runs['counts'])
    values = np.arange(len(counts)) % 2
    read = np.repeat(values, counts).reshape(mask.shape, order='F')
    np.testing.assert_array_equal(read, mask)
    assert run_length_fault(dict(size=list(mask.shape), counts=counts), mask.shape) is None


@pytest.mark.parametrize(
    ('counts', 'message'),
    [
        ('X', 'ends within a number'),
        ('garbage!!', "character 'r'"),
        ('', 'got 0'),
        ('0', 'got 0'),
        ([0, 1000000], 'got 1000000'),
        ([-5, 4805], 'whole numbers'),
        ([100], 'got 100'),
        ([1.5, 4798.5], 'whole numbers'),
        (None, 'whole numbers'),
    ],
)
def test_wrong_ones(counts, message):
    assert message in run_length_fault(dict(size=[60, 80], counts=counts), (60, 80))


@pytest.mark.parametrize('size', [[10, 20], [60], None, 'ab'])
def test_wrong_sizes(size):
    assert 'size' in run_length_fault(dict(size=size, counts=[4800]), (60, 80))
