from dataclasses import replace

import pytest
import torch
from networks import litepose
from torch import nn

from litepose_mm.analysis.complexity import CONVENTIONS, Complexity, measure_complexity
from litepose_mm.families.litepose import ARCHITECTURES


def test_a_network_counted_by_hand():
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False),  # 8 * 8 outputs
        nn.BatchNorm2d(8),
        nn.ReLU6(),
        nn.Conv2d(8, 8, 5, padding=2, groups=8, bias=True),
        nn.ConvTranspose2d(8, 4, 4, stride=2, padding=1, bias=False),  # 16 * 16 outputs
        nn.MaxPool2d(2),
        nn.Upsample(scale_factor=2),
    )
    conv = 64 * (8 * 3 * 9 + 8 * 25)
    deconv = 64 * 8 * 4 * 16
    other = 2 * 8 * 64 + 8 * 64 + 8 * 64 + 4 * 256 + 4 * 256
    assert measure_complexity(model, (3, 16, 16)) == Complexity(
        params=sum(p.numel() for p in model.parameters()),
        macs=conv + deconv,
        paper_macs=conv + 4 * deconv + other,
        hhrnet_style_macs=conv + 4 * deconv,
    )
    assert set(CONVENTIONS) == set(Complexity._fields) - {'params'}


def test_linear_layers_and_mode():
    model = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), nn.Dropout(0.5)).train()
    assert measure_complexity(model, (3, 2, 2))[1:] == (60, 65, 60)
    assert model.training and all(not m._forward_hooks for m in model.modules())


# The paper's Table 3 on the 0.5 LitePose at 512 pixels: kernel, fusion, exact and paper-style G.
TABLE3 = [
    (3, True, 2.570, 3.769, 3.8),
    (5, True, 2.936, 4.135, 4.1),
    (7, True, 3.486, 4.685, 4.7),
    (7, False, 3.289, 4.056, 4.1),
    (9, True, 4.219, 5.418, None),
]


@pytest.mark.parametrize('kernel, fusion, exact, paper_style, published', TABLE3)
def test_every_row_of_table3_can_be_built(kernel, fusion, exact, paper_style, published):
    arch = replace(ARCHITECTURES['prune-s'].with_kernel(kernel), fusion=fusion)
    with torch.no_grad():
        result = measure_complexity(litepose(arch), (3, 512, 512))
    assert result.macs / 1e9 == pytest.approx(exact, abs=5e-4)
    assert result.paper_macs / 1e9 == pytest.approx(paper_style, abs=5e-4)
    if published is not None:
        assert round(result.paper_macs / 1e9, 1) == published
