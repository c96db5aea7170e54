from fractions import Fraction

import pytest
from mmengine.config import Config
from pipelines import ae_codec, ae_train_pipeline
from supernets import LARGEST, SPACE, supernet_config

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import subnet_config
from litepose_mm.nas.subnet_config import at_scale


def sizes(pipeline):
    return [each['input_size'] for each in pipeline if 'input_size' in each]


def test_inputs_keep_their_ratio_to_the_codec():
    tiles = dict(type='RandomMosaic', output_size=(64, 64))
    crops = ae_train_pipeline(ae_codec((48, 32)))
    whole = ae_train_pipeline(ae_codec((64, 64)))
    config = Config(
        dict(
            model=dict(supernet_config(), data_preprocessor=dict(batch_augments=[tiles])),
            train_dataloader=dict(dataset=dict(pipeline=crops)),
            val_dataloader=None,
            custom_hooks=[dict(type='PipelineSwitchHook', switch_pipeline=whole)],
            finetune=dict(train_cfg=dict(max_epochs=3)),
        )
    )
    same = subnet_config(config, LARGEST)
    assert sizes(same.train_dataloader.dataset.pipeline) == [(48, 32)]
    plain = subnet_config(config, SPACE.smallest, schedule='finetune')
    assert SPACE.smallest.img_size == 32
    assert sizes(plain.train_dataloader.dataset.pipeline) == [(32, 16)]  # 24 is none for a network
    target = plain.train_dataloader.dataset.pipeline[3].encoder
    assert target == ae_codec((32, 16))
    assert sizes(plain.custom_hooks[0].switch_pipeline) == [(32, 32)]
    assert plain.model.data_preprocessor.batch_augments[0].output_size == (32, 32)
    assert plain.train_cfg.max_epochs == 3 and 'finetune' not in plain


def test_sides_of_any_kind():
    value = [dict(input_size=100), dict(input_size=(96, 48), other=100)]
    assert at_scale(value, Fraction(1, 3), 16) == [
        dict(input_size=32),
        dict(input_size=(32, 16), other=100),
    ]
    assert at_scale(value, Fraction(1), 16) == value
    assert at_scale(value[0], Fraction(1, 3), 32) == dict(input_size=32)


def test_a_schedule_that_is_not_there_is_named():
    config = Config(dict(model=supernet_config()))
    with pytest.raises(LitePoseError, match=r"'alone' .* add alone = dict\(train_cfg"):
        subnet_config(config, LARGEST, schedule='alone')
