from dataclasses import replace

import pytest
from families import build, weights

from litepose_mm.checkpoints import recognise
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.families.higherhrnet import (
    BASELINE,
    HigherHRNetArchitecture,
    check_blocks,
    gradual_shrinking,
)

FAMILY = get_family('higherhrnet')


def test_there_is_no_supernet():
    with pytest.raises(LitePoseError, match='HigherHRNet: expected one network, got a supernet'):
        FAMILY.model_config(FAMILY.variants['higherhrnet-w16'], 17, supernet=True)


def test_steps_of_gradual_shrinking():
    """LitePose section 3 lists the tables."""
    blocks = [FAMILY.variants[f'higherhrnet-shrink{step}'].blocks for step in (1, 2, 3)]
    assert FAMILY.variants['higherhrnet-w16'].blocks == BASELINE
    assert blocks == [
        ((4,), (3, 4), (2, 3, 4), (1, 2, 3, 4)),
        ((4,), (1, 4), (1, 1, 4), (1, 1, 1, 4)),
        ((4,), (0, 4), (0, 0, 4), (0, 0, 0, 4)),
    ]
    assert gradual_shrinking((4, 4, 4, 4), 16) == FAMILY.variants['higherhrnet-w16']


@pytest.mark.parametrize(
    'architecture',
    [
        HigherHRNetArchitecture(
            8,
            modules=(2, 1, 1),
            planes=16,
            deconv_channels=(12, 6),
            tag_levels=(True, False, True),
        ),
        HigherHRNetArchitecture(8, ((2,), (0, 1), (3, 0, 1), (1, 0, 0, 0)), planes=16),
    ],
)
def test_a_network_of_ones_own_is_recognised(architecture):
    class Own(type(FAMILY)):
        variants = {'own': architecture}

    found = recognise(weights(build(Own(), 'own', 5)))
    assert found.architecture == architecture
    assert (found.variant, found.num_keypoints) == (None, 5)


@pytest.mark.parametrize(
    'blocks',
    [
        [[4], [4, 4]],
        [[4], [4], [4], [4]],
        [[0], [4, 4], [4, 4, 4], [4] * 4],
        'abc',
        [[-1]],
        [[4], [1.5, 4], [4] * 3, [4] * 4],
        [[True], [4] * 2, [4] * 3, [4] * 4],
    ],
)
def test_impossible_blocks(blocks):
    with pytest.raises(LitePoseError, match='blocks: expected four stages .* got'):
        check_blocks(blocks)


@pytest.mark.parametrize(
    'values',
    [
        dict(width=0),
        dict(modules=(1, 0, 3)),
        dict(modules=(1,)),
        dict(tag_levels=(True,)),
        dict(tag_levels=True),
        dict(tag_levels=(1, 5)),
        dict(modules=4),
        dict(planes=-1),
    ],
)
def test_impossible_values(values):
    with pytest.raises(LitePoseError, match=f'{next(iter(values))}: expected .*, got'):
        replace(HigherHRNetArchitecture(8), **values)
