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
    low, high = view.block_bounds(channel, block)
    rows, columns = (-(-side // block) for side in size)
    assert low.shape == high.shape == (2, rows, columns)
    dense = view.dense()[channel]
    for i, j in np.ndindex(rows, columns):
        values = dense[:, i * block : (i + 1) * block, j * block : (j + 1) * block].reshape(2, -1)
        assert (low[:, i, j] <= values.min(1) + 1e-6).all()
        assert (high[:, i, j] >= values.max(1) - 1e-6).all()
        corner = np.full(2, i * block), np.full(2, j * block)
        one_low, one_high = view.square_bounds(channel, *corner, block)
        np.testing.assert_array_equal((one_low, one_high), (low[:, i, j], high[:, i, j]))


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
