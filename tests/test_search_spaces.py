"""Search spaces as data."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supernets import SPACE

from litepose_mm.architectures import ARCHITECTURES, Stage
from litepose_mm.errors import LitePoseError
from litepose_mm.search_spaces import SEARCH_SPACES, SearchSpace, get_search_space

ALL = {**SEARCH_SPACES, 'small': SPACE}
FOUND = ('litepose-s', 'litepose-m', 'litepose-l')


@pytest.mark.parametrize('name', FOUND)
@pytest.mark.parametrize('space', ['litepose-lms', 'litepose-xs'])
def test_published_networks_are_members(space, name):
    space = SEARCH_SPACES[space]
    assert space.decode(space.encode(ARCHITECTURES[name])) == ARCHITECTURES[name]


def test_xs_is_of_the_space_of_small_networks_only():
    xs = ARCHITECTURES['litepose-xs']
    assert SEARCH_SPACES['litepose-xs'].encode(xs)
    with pytest.raises(LitePoseError, match=r'img_size must be one of \(512, 448\).*got 256'):
        SEARCH_SPACES['litepose-lms'].encode(xs)


@pytest.mark.parametrize('ratio, name', [(1, 'prune-l'), (0.75, 'prune-m'), (0.5, 'prune-s')])
def test_uniform_widths_are_the_published_ones(ratio, name):
    assert SEARCH_SPACES['litepose-xs'].uniform(ratio, 512) == ARCHITECTURES[name]


def test_released_depths_are_not_the_published_ones():
    space = SEARCH_SPACES['released-xs']
    assert [stage.num_blocks for stage in space.largest.stages] == [4, 6, 8, 8]
    with pytest.raises(LitePoseError, match=r'backbone_setting\[0\]\.num_blocks must be one of'):
        space.encode(ARCHITECTURES['litepose-s'])


@pytest.mark.parametrize('name', ALL)
@given(seed=st.integers(0, 2**32 - 1))
def test_drawn_networks_round_trip(name, seed):
    space = ALL[name]
    genotype = space.sample(np.random.default_rng(seed))
    arch = space.decode(genotype)
    again = space.encode(arch)
    assert space.decode(again) == arch
    assert space.encode(space.decode(again)) == again
    assert arch.img_size in space.img_sizes


@pytest.mark.parametrize('name', ALL)
def test_plain_data_round_trips(name):
    data = json.loads(json.dumps(ALL[name].to_dict()))
    assert get_search_space(data).to_dict() == ALL[name].to_dict()
    assert get_search_space(data).genes == ALL[name].genes


def test_size_and_smallest():
    space = SEARCH_SPACES['litepose-lms']
    assert len(space) == 2 * 2 * 3**3 * 3**4  # the stem's widths 24 and 18 become 24
    assert space.smallest == space.uniform(0.5, 448)
    assert [space.genes[i].name for i in space.free_genes][:2] == ['img_size', 'input_channel']


def test_the_largest_has_a_resolution_of_the_space():
    space = get_search_space(dict(largest='prune-s', img_sizes=[256, 128], ratios=[1, 0.5]))
    assert space.largest.img_size == 256
    assert space.decode(space.encode(space.largest)) == space.largest


def test_every_choice_is_drawn():
    rng = np.random.default_rng(0)
    drawn = np.array([SPACE.sample(rng) for _ in range(300)])
    for gene, column in zip(SPACE.genes, drawn.T, strict=True):
        counts = np.bincount(column, minlength=len(gene.choices))
        assert counts.min() > 300 / len(gene.choices) / 2


def test_strides_are_fixed():
    largest = SPACE.largest
    other = replace(largest, stages=(*largest.stages[:3], Stage(32, 2, ((2, 7), (2, 7)))))
    with pytest.raises(LitePoseError, match='strides must be'):
        SPACE.encode(other)


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(ratios=()), 'ratios must be positive'),
        (dict(ratios=(2,)), 'ratios must be at most 1'),
        (dict(img_sizes=(0,)), 'img_sizes must be positive'),
        (dict(depths=((1,),)), 'depths must be given for 4 stages'),
        (dict(depths=((1,), (9,), (1,), (1,))), r'depths must be 1 to 2, got \(9,\)'),
        (dict(kernel_sizes=(4,)), 'kernel_sizes must be odd'),
        (dict(kernel_sizes=(9,)), 'at most those of the largest network, got 9'),
    ],
)
def test_impossible_spaces_are_refused(change, message):
    with pytest.raises(LitePoseError, match=message):
        replace(SPACE, **change)


@pytest.mark.parametrize(
    'source, message',
    [
        ('litepose-x', "unknown search space 'litepose-x'"),
        ({'ratios': [1]}, 'expected largest, img_sizes, ratios'),
        (dict(SPACE.to_dict(), widths=[]), 'expected largest, img_sizes, ratios'),
    ],
)
def test_what_is_no_space_is_refused(source, message):
    with pytest.raises(LitePoseError, match=message):
        get_search_space(source)


def test_uniform_names_what_the_space_has():
    with pytest.raises(LitePoseError, match=r'ratio: expected one of \(1, 0.75, 0.5\), got 0.6'):
        SPACE.uniform(0.6)
    assert isinstance(SPACE, SearchSpace)
