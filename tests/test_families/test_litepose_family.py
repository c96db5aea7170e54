import json

import families
import pytest
from networks import TINY, litepose

from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family
from litepose_mm.families.litepose import (
    ARCHITECTURES,
    Architecture,
    Stage,
    get_architecture,
    make_divisible,
)


@pytest.mark.parametrize('name', ARCHITECTURES)
def test_authors_form_round_trips(name, tmp_path):
    architecture = ARCHITECTURES[name]
    assert get_architecture(name) is architecture
    assert get_architecture(architecture.to_dict()) == architecture
    path = tmp_path / 'arch.json'
    path.write_text(json.dumps(architecture.to_dict()))
    assert get_architecture(str(path)) == architecture


def test_published_networks_share_depths_strides_and_blocks():
    for architecture in ARCHITECTURES.values():
        assert [stage.num_blocks for stage in architecture.stages] == [6, 8, 10, 10]
        assert architecture.strides == (2, 4, 8, 16, 16)
        assert {b for stage in architecture.stages for b in stage.block_setting} == {(6, 7)}


def test_fusion_is_part_of_the_form_only_where_it_is_off():
    data = ARCHITECTURES['prune-s'].to_dict()
    assert 'fusion' not in data
    assert Architecture.from_dict(dict(data, fusion=False)).to_dict()['fusion'] is False


def test_with_kernel_changes_nothing_else():
    changed = ARCHITECTURES['prune-s'].with_kernel(3)
    assert changed.channels == ARCHITECTURES['prune-s'].channels
    assert {k for stage in changed.stages for _, k in stage.block_setting} == {3}


def _xs(**changes):
    return dict(ARCHITECTURES['litepose-xs'].to_dict(), **changes)


@pytest.mark.parametrize(
    'source, message',
    [
        ('litepose-x', 'did you mean litepose-xs'),
        ('missing.json', 'cannot be read'),
        (_xs(img_size=100), 'img_size: expected a multiple of 16, got 100'),
        (_xs(input_channel=0), 'input_channel: expected a positive integer'),
        (_xs(deconv_setting=[]), 'deconv_setting: expected positive integers'),
        (_xs(backbone_setting=[]), 'at least one stage'),
        (_xs(backbone_setting=3), 'expected the form'),
        ({'img_size': 256}, "'backbone_setting' is missing"),
        (
            _xs(backbone_setting=[dict(num_blocks=2, stride=2, channel=8, block_setting=[[6, 7]])]),
            'num_blocks: expected 1',
        ),
        (
            _xs(backbone_setting=[dict(stride=3, channel=8, block_setting=[[6, 7]])]),
            'stride: expected 1 or 2',
        ),
        (
            _xs(backbone_setting=[dict(stride=2, channel=8, block_setting=[[6, 4]])]),
            'kernel: expected an odd number',
        ),
    ],
)
def test_bad_architectures_say_what_was_expected(source, message):
    with pytest.raises(LitePoseError, match='architecture') as error:
        get_architecture(source)
    assert message in str(error.value)
    assert '\n' not in str(error.value)


def test_broken_json_file(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text('{')
    with pytest.raises(LitePoseError, match='a.json'):
        get_architecture(path)


def test_stage_without_blocks_is_refused():
    with pytest.raises(LitePoseError, match='at least one block'):
        Stage(8, 2, ())


@pytest.mark.parametrize(
    'value, result', [(1, 8), (8, 8), (11, 16), (12, 16), (17, 16), (18, 24), (96, 96), (100, 104)]
)
def test_make_divisible(value, result):
    assert make_divisible(value) == result


@pytest.mark.parametrize(
    'theirs, ours',
    [
        ('first.1.0.weight', 'backbone.stem.1.conv.weight'),
        ('first.1.1.bias', 'backbone.stem.1.bn.bias'),
        ('first.2.weight', 'backbone.stem.2.conv.weight'),
        ('first.3.running_var', 'backbone.stem.2.bn.running_var'),
        ('stage.3.9.inv.0.weight', 'backbone.stages.3.9.expand.conv.weight'),
        ('stage.3.9.inv.1.bias', 'backbone.stages.3.9.expand.bn.bias'),
        ('stage.0.1.depth_conv.0.weight', 'backbone.stages.0.1.depthwise.conv.weight'),
        ('stage.0.1.point_conv.1.weight', 'backbone.stages.0.1.project.bn.weight'),
        (
            'stage.0.1.Linear3x3.bias',
            'backbone.stages.0.1.depthwise.conv.kernel_transforms.3.bias',
        ),
        ('deconv_raw.2.weight', 'head.deconvs.2.raw.weight'),
        ('deconv_bnrelu.0.0.weight', 'head.deconvs.0.bn.weight'),
        ('final_refined.1.conv.0.weight', 'head.outputs.1.refined.depthwise.conv.weight'),
        ('final_raw.1.conv.3.bias', 'head.outputs.1.raw.pointwise.bias'),
    ],
)
def test_authors_names(theirs, ours):
    assert get_family('litepose').from_authors({theirs: 0}) == {ours: 0}


@pytest.mark.parametrize(
    'lost', ['backbone.stem.2.', 'backbone.stages.0.0.', 'head.deconvs.', 'head.outputs.']
)
def test_weights_of_another_head_or_backbone_are_not_recognised(lost):
    state = families.weights(litepose(TINY))
    assert get_family('litepose').recognise(state)
    rest = {key: value for key, value in state.items() if not key.startswith(lost)}
    assert get_family('litepose').recognise(rest) is None
