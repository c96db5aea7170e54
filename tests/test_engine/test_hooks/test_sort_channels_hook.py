from types import SimpleNamespace

import pytest
import torch
from mmengine.model import ExponentialMovingAverage
from supernets import build_supernet

from litepose_mm.engine.hooks import SortChannelsHook


def use_of_channels(model):
    return model.backbone.stages[1][0].project.conv.weight.abs().sum((0, 2, 3))


@pytest.mark.parametrize('iteration', [0, 7])
def test_channels_are_sorted_before_the_first_step_only(iteration):
    model = build_supernet()
    image = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        before = model.head(model.backbone(image))
        average = SimpleNamespace(ema_model=ExponentialMovingAverage(model))
        runner = SimpleNamespace(model=model, iter=iteration, hooks=[SimpleNamespace(), average])
        SortChannelsHook().before_train(runner)
        for each in (model, average.ema_model.module):
            is_sorted = bool((use_of_channels(each).diff() <= 0).all())
            assert is_sorted == (iteration == 0)
            for maps, expected in zip(each.head(each.backbone(image)), before, strict=True):
                torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-5)
