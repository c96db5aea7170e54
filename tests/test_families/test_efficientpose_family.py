"""Figures of EfficientPose's networks against a count by hand and the paper's tables."""

from dataclasses import replace

import pytest
from families import build, weights

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.checkpoints import recognise
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.families.efficientpose import (
    ARCHITECTURES,
    EfficientPoseArchitecture,
    get_architecture,
    parse_block,
)

FAMILY = get_family('efficientpose')
SMALL = ARCHITECTURES['efficientpose-small-k3e3']
#: Table 1: width behind the stem, then width, sides of the output and depth of each stage.
TABLE_1 = {
    'small': (16, ((24, 64, 4), (32, 32, 6), (64, 16, 10), (96, 16, 8))),
    'large': (24, ((32, 64, 6), (64, 32, 8), (96, 16, 10), (160, 16, 10))),
}
#: Table 2, at 256x256: parameters in millions and multiply-accumulates in billions.
PUBLISHED = {'A': ('small', 1.3, 0.67), 'B': ('large', 3.3, 1.5), 'C': ('large', 5.0, 2.0)}


def network(arch, num_keypoints=16):
    class Own(type(FAMILY)):
        variants = {'own': arch}

    return build(Own(), 'own', num_keypoints)


def count_by_hand(setting, kernel, expansion, num_keypoints=16):
    """Parameters, exact multiply-accumulates and those with deconvolutions at output size."""
    width, stages = TABLE_1[setting]
    side = 128
    params = 27 * 32 + 2 * 32 + 9 * 32 + 2 * 32 + 32 * width + 2 * width
    macs = side**2 * (27 * 32 + 9 * 32 + 32 * width)
    for channels, out_side, depth in stages:
        for _ in range(depth):
            inner = width * expansion
            macs += side**2 * width * inner
            macs += out_side**2 * (kernel**2 * inner + inner * channels)
            params += width * inner + 2 * inner + kernel**2 * inner + 2 * inner
            params += inner * channels + 2 * channels
            width, side = channels, out_side
    at_output = macs
    for channels in (64, 32):
        own = 16 * width * channels
        macs += side**2 * own
        side *= 2
        at_output += side**2 * own
        params += own + 2 * channels
        width = channels
    rest = side**2 * (9 * width + width * num_keypoints)
    params += 9 * width + 2 * width + width * num_keypoints + num_keypoints
    return params, macs + rest, at_output + rest


@pytest.mark.parametrize('setting', TABLE_1)
@pytest.mark.parametrize('kernel, expansion', [(3, 3), (3, 6), (7, 6)])
def test_figures_are_those_of_a_count_by_hand(setting, kernel, expansion):
    name = f'efficientpose-{setting}-k{kernel}e{expansion}'
    counted = measure_complexity(build(FAMILY, name, 16), (3, 256, 256))
    expected = count_by_hand(setting, kernel, expansion)
    assert (counted.params, counted.macs, counted.hhrnet_style_macs) == expected


@pytest.mark.parametrize('name', PUBLISHED)
def test_published_networks_lie_between_the_chains(name):
    setting, params, macs = PUBLISHED[name]
    least, _, least_macs = count_by_hand(setting, 3, 3)
    most, _, most_macs = count_by_hand(setting, 7, 6)
    assert least / 1e6 < params < most / 1e6
    assert least_macs / 1e9 < macs < most_macs / 1e9


def test_wider_heads_cost_what_table_7_says():
    """The rows of (64, 64) and (96, 96); that of (64, 32) contradicts their differences."""

    def head(widths):
        arch = replace(SMALL, deconv_channels=widths)
        return measure_complexity(network(arch), (3, 256, 256)).hhrnet_style_macs / 1e6

    def rest(width):  # SIC and the last convolution, which the table leaves out
        return 64**2 * (9 + 16) * width / 1e6

    slim = head((64, 32)) - rest(32)
    assert head((64, 64)) - rest(64) - slim == pytest.approx(134, abs=0.5)
    assert head((96, 96)) - rest(96) - slim == pytest.approx(520, abs=0.5)


@pytest.mark.parametrize('style', ['mbv1', 'mbv2'])
def test_styles_of_table_8_cost_less(style):
    counted = [
        measure_complexity(network(replace(SMALL, deconv_style=own)), (3, 256, 256))
        for own in ('plain', style)
    ]
    # Multiply-accumulates of both transposed convolutions at output size.
    plain = 32**2 * 16 * 96 * 64 + 64**2 * 16 * 64 * 32
    own = {
        'mbv1': 32**2 * (16 + 64) * 96 + 64**2 * (16 + 32) * 64,
        'mbv2': 6 * (16**2 * 96**2 + 32**2 * (16 + 64) * 96)
        + 6 * (32**2 * 64**2 + 64**2 * (16 + 32) * 64),
    }[style]
    saved = counted[0].hhrnet_style_macs - counted[1].hhrnet_style_macs
    assert saved == plain - own > 0


def test_sic_costs_a_depthwise_convolution():
    with_sic, without = (
        measure_complexity(network(replace(SMALL, sic=own)), (3, 256, 256)) for own in (True, False)
    )
    assert with_sic.params - without.params == 9 * 32 + 2 * 32
    assert with_sic.macs - without.macs == 9 * 32 * 64 * 64


@pytest.mark.parametrize('style', ['plain', 'mbv1', 'mbv2'])
@pytest.mark.parametrize('sic', [True, False])
def test_a_network_of_ones_own_is_recognised(style, sic):
    stages = list(SMALL.stages)
    stages[1] = replace(stages[1], block_setting=((3, 3), (6, 7), (3, 5)))
    own = replace(
        SMALL, stages=tuple(stages), deconv_channels=(48, 24, 16), deconv_style=style, sic=sic
    )
    found = recognise(weights(network(own, 5)))
    assert (found.family.name, found.variant, found.num_keypoints) == ('efficientpose', None, 5)
    assert found.architecture == own


def test_plain_values_lead_back():
    for arch in ARCHITECTURES.values():
        assert get_architecture(arch.to_dict()) == arch
    assert SMALL.to_dict()['stages'][0] == dict(channel=24, stride=2, blocks=['K3_E3'] * 4)


@pytest.mark.parametrize('block', ['K4_E3', 'K3E3', 'K3_E0', 'skip', 3, None])
def test_impossible_blocks(block):
    with pytest.raises(LitePoseError, match='block: expected K<kernel size, odd>_E<expansion>'):
        parse_block(block)


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(img_size=100), 'img_size: expected a multiple of 16, got 100'),
        (dict(deconv_style='mbv3'), "deconv_style: expected one of plain, mbv1, mbv2, got 'mbv3'"),
        (dict(deconv_channels=(64, 0)), 'deconv_channels: expected positive integers'),
        (dict(sic=1), 'sic: expected true or false, got 1'),
        (dict(stages=()), 'stages: expected at least one, got none'),
    ],
)
def test_impossible_values(values, message):
    with pytest.raises(LitePoseError, match=message):
        replace(SMALL, **values)


def test_impossible_plain_values():
    with pytest.raises(LitePoseError, match='EfficientPose: expected img_size, .*, got depth'):
        EfficientPoseArchitecture.from_dict(dict(depth=3))
    with pytest.raises(LitePoseError, match='stages: expected a list of channel, stride'):
        EfficientPoseArchitecture.from_dict(dict(SMALL.to_dict(), stages=[dict(channel=8)]))
    with pytest.raises(LitePoseError, match='did you mean efficientpose-small-k7e6'):
        get_architecture('efficientpose-small')
