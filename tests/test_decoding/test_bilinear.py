import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from litepose_mm.decoding import BilinearMaps

sizes = st.tuples(st.integers(1, 12), st.integers(1, 12))


def interpolate(maps, size):
    maps = torch.from_numpy(maps)[None]
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)[0].numpy()


def random_maps(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def every_position(shape):
    return np.indices(shape).reshape(3, -1)


@settings(deadline=None)
@given(sizes, sizes, st.integers(0, 99))
def test_equals_interpolation(source, size, seed):
    maps = random_maps((2, *source), seed)
    view = BilinearMaps(maps, size)
    expected = interpolate(maps, size)
    np.testing.assert_allclose(view.dense(), expected, atol=1e-5)
    at = view.at(*every_position(view.shape)).reshape(view.shape)
    np.testing.assert_array_equal(at, view.dense())


@settings(deadline=None)
@given(sizes, sizes, sizes, st.integers(0, 99))
def test_views_stack(source, middle, size, seed):
    maps = random_maps((1, *source), seed)
    view = BilinearMaps(BilinearMaps(maps, middle), size)
    np.testing.assert_allclose(
        view.dense(), interpolate(interpolate(maps, middle), size), atol=1e-5
    )


@settings(deadline=None)
@given(
    sizes,
    sizes,
    st.tuples(st.integers(1, 30), st.integers(1, 30)),
    st.integers(0, 99),
    st.integers(1, 8),
)
def test_bounds_hold(source, middle, size, seed, block):
    maps = random_maps((3, *source), seed)
    view = BilinearMaps(BilinearMaps(maps, middle), size)
    channel = np.array([2, 0])
    low, high = (view.block_bounds(channel, block, r) for r in (np.minimum, np.maximum))
    rows, columns = (-(-side // block) for side in size)
    assert low.shape == high.shape == (2, rows, columns)
    dense = view.dense()[channel]
    for i, j in np.ndindex(rows, columns):
        values = dense[:, i * block : (i + 1) * block, j * block : (j + 1) * block].reshape(2, -1)
        corner = np.full(2, i * block), np.full(2, j * block)
        one_low, one_high = view.square_bounds(channel, *corner, block)
        for least, largest in ((low[:, i, j], high[:, i, j]), (one_low, one_high)):
            assert (least <= values.min(1) + 1e-6).all()
            assert (largest >= values.max(1) - 1e-6).all()


@pytest.mark.parametrize('factor', [1, 2, 4])
def test_bounds_are_of_the_pixels_that_a_square_reads(factor):
    maps = random_maps((1, 48 // factor, 48 // factor), 0)
    view = BilinearMaps(maps, (48, 48))
    high = view.block_bounds(np.array([0]), 16, np.maximum)
    inner = 16 // factor
    halo = int(factor > 1)
    read = maps[0, inner - halo : 2 * inner + halo, inner - halo : 2 * inner + halo]
    assert high[0, 1, 1] == read.max()
    least, largest = view.square_bounds(*(np.array([n]) for n in (0, 16, 16)), 16)
    assert (least[0], largest[0]) == (read.min(), read.max())


def test_square_bounds_of_several_maps_at_the_same_squares():
    view = BilinearMaps(random_maps((3, 6, 6), 0), (12, 12))
    top, left = np.array([0, 4, 8]), np.array([8, 0, 4])
    channel = np.array([[0, 1, 2], [2, 2, 0]])
    both = view.square_bounds(channel, top, left, 4)
    for row in range(2):
        for bound, one in zip(both, view.square_bounds(channel[row], top, left, 4)):
            np.testing.assert_array_equal(bound[row], one)


def test_its_own_size_is_read_directly():
    maps = random_maps((2, 4, 5), 0)
    view = BilinearMaps(maps, (4, 5))
    assert view.is_identity and view.factor == (1, 1)
    assert view.dense() is maps
    assert view.at(1, 3, 4) == maps[1, 3, 4]


@pytest.mark.parametrize('factor', [2, 4])
def test_factor(factor):
    view = BilinearMaps(random_maps((1, 3, 4), 0), (3 * factor, 4 * factor))
    assert view.factor == (factor, factor)
