"""Search spaces as data."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supernets import SPACE

from litepose_mm.errors import LitePoseError
from litepose_mm.families.litepose import ARCHITECTURES, Stage
from litepose_mm.nas import get_search_space
from litepose_mm.nas.families.litepose import LitePoseSearchSpace

SEARCH_SPACES = LitePoseSearchSpace.published
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
    with pytest.raises(LitePoseError, match=r'img_size.* \(512, 448\).*got 256'):
        SEARCH_SPACES['litepose-lms'].encode(xs)


@pytest.mark.parametrize('ratio, name', [(1, 'prune-l'), (0.75, 'prune-m'), (0.5, 'prune-s')])
def test_uniform_widths_are_the_published_ones(ratio, name):
    assert SEARCH_SPACES['litepose-xs'].uniform(ratio, 512) == ARCHITECTURES[name]


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
    assert space.size == 2 * 2 * 3**3 * 3**4  # the stem's widths 24 and 18 become 24
    assert space.smallest == space.uniform(0.5, 448)


def test_size_counts_every_network_once():
    largest = replace(SPACE.largest, deconv_setting=(16,), stages=SPACE.largest.stages[:2])
    space = LitePoseSearchSpace(
        largest, (64, 32), (1, 0.5), depths=((1, 2), (2,)), kernel_sizes=(7, 3)
    )
    choices = [range(len(gene.choices)) for gene in space.genes]
    assert space.size == len({space.decode(genotype) for genotype in product(*choices)})


def test_size_of_many_kernels():
    space = LitePoseSearchSpace(ARCHITECTURES['prune-l'], (512,), (1,), kernel_sizes=(7, 5, 3))
    assert space.size == 3**34


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
    with pytest.raises(LitePoseError, match='strides: expected'):
        SPACE.encode(other)


def _stages(change):
    first, *others = SPACE.largest.stages
    return dict(stages=(replace(first, **change), *others))


@pytest.mark.parametrize(
    'change, message',
    [
        (_stages(dict(channel=12)), r'backbone_setting\[0\]\.channel.* got 12'),
        (
            _stages(dict(block_setting=((2, 7), (3, 7)))),
            r'backbone_setting\[0\]\.block_setting\[1\]\[0\].* 2 .* got 3',
        ),
        (
            _stages(dict(block_setting=((2, 7),) * 3)),
            r'backbone_setting\[0\]\.num_blocks.* \(2, 1\) .* got 3',
        ),
        (dict(deconv_setting=(32, 16)), r'len\(deconv_setting\).* 3 .* got 2'),
        (dict(deconv_setting=(32, 16, 16, 16)), r'len\(deconv_setting\).* 3 .* got 4'),
        (dict(deconv_setting=(32, 16, 17)), r'deconv_setting\[2\].* got 17'),
        (dict(fusion=False), 'fusion.* True .* got False'),
        (dict(img_size=48), r'img_size.* \(64, 32\) .* got 48'),
    ],
)
def test_what_is_not_in_the_space_is_named(change, message):
    with pytest.raises(LitePoseError, match=message):
        SPACE.encode(replace(SPACE.largest, **change))


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(ratios=()), 'expected ratios, got none'),
        (dict(ratios=(2,)), 'ratios.* 1'),
        (dict(img_sizes=(0,)), 'img_sizes: expected|expected img_sizes'),
        (dict(img_sizes=512), 'expected a list, got 512'),
        (dict(img_sizes=('512',)), "img_sizes.* got '512'"),
        (dict(img_sizes=(64, 40)), 'img_size: expected a multiple of 16, got 40'),
        (dict(depths=6), 'expected a list, got 6'),
        (dict(kernel_sizes=(-1,)), 'kernel_sizes.* got -1'),
        (dict(depths=((1,),)), 'depths.* 4 stages'),
        (dict(depths=((1,), (9,), (1,), (1,))), r'depths.* 1 to 2, got \(9,\)'),
        (
            dict(ratios=(0.75, 0.5)),
            r'largest network is not part of it: .*\(24, 16\)',
        ),
        (
            dict(kernel_sizes=(5, 3)),
            r'not part of it: .*block_setting\[0\]\[1\].* \(5, 3\)',
        ),
        (dict(kernel_sizes=(4,)), 'kernel_sizes: expected|expected kernel_sizes'),
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
        ({'family': 'litepose', 'ratios': [1]}, 'img_sizes is missing, largest is missing'),
        ({'largest': 'prune-l', 'ratios': [1]}, 'img_sizes is missing'),
        ({'ratios': [1]}, 'expected family to be one of .*litepose.*, got None'),
        ({'family': 'other', 'ratios': [1]}, "expected family .*, got 'other'"),
        (dict(SPACE.to_dict(), widths=[]), "'widths' is unknown"),
        (dict(SPACE.to_dict(), widths=[]), 'expected largest, img_sizes, ratios'),
        (['litepose-xs'], r"unknown search space \['litepose-xs'\]"),
    ],
)
def test_what_is_no_space_is_refused(source, message):
    with pytest.raises(LitePoseError, match=message):
        get_search_space(source)


def test_uniform_names_what_the_space_has():
    with pytest.raises(LitePoseError, match=r'ratio: expected one of \(1, 0.75, 0.5\), got 0.6'):
        SPACE.uniform(0.6)


def test_networks_as_users_name_them(tmp_path):
    path = tmp_path / 'found.json'
    path.write_text(json.dumps(SPACE.smallest.to_dict()))
    for source in ('smallest', str(path), SPACE.smallest.to_dict(), SPACE.smallest):
        assert SPACE.network(source) == SPACE.smallest
    assert SPACE.network(0.75) == SPACE.uniform(0.75)
    assert SPACE.architecture('litepose-xs') == ARCHITECTURES['litepose-xs']
    with pytest.raises(LitePoseError, match='in this search space'):
        SPACE.network('litepose-xs')
