from types import SimpleNamespace

import networks
import pytest
import torch

from litepose_mm.engine.hooks import ChannelsLastHook


@pytest.mark.parametrize('devices', [['cpu', 'cuda'], ['nothing']])
def test_maps_are_channels_last_and_equal(devices):
    model = networks.litepose(networks.TINY)
    image = torch.rand(1, 3, 64, 64)
    expected = model.head(model.backbone(image))
    ChannelsLastHook(devices).before_run(SimpleNamespace(model=model))
    maps = model.backbone(image)
    changed = devices != ['nothing']
    for level in maps:
        assert level.is_contiguous(memory_format=torch.channels_last) == changed
    for before, after in zip(expected, model.head(maps)):
        torch.testing.assert_close(after, before, rtol=1e-4, atol=1e-5)
