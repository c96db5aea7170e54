import pytest
import torch
from mmpose.registry import MODELS

import litepose_mm.modules  # noqa: F401


def loss(**options):
    return MODELS.build(dict(type='WeightAdaptiveHeatmapLoss', **options))


def test_weights_of_single_pixels():
    target = torch.tensor([1.0, 0.0, 0.5, 1.0]).view(1, 1, 2, 2)
    output = torch.tensor([0.25, 0.1, 0.5, 1.0]).view(1, 1, 2, 2)
    # A weak peak by 0.75, background by 0.1; what is right by nothing, whatever its weight.
    expected = (0.75 * 0.75**2 + 0.1 * 0.1**2) / 4
    assert float(loss()(output, target)) == pytest.approx(expected)
    mask = torch.tensor([0.0, 1.0, 1.0, 1.0]).view(1, 1, 2, 2)
    assert float(loss()(output, target, None, mask)) == pytest.approx(0.1**3 / 4)
    assert float(loss(loss_weight=2.0)(output, target)) == pytest.approx(2 * expected)


def test_gamma_moves_the_border():
    target, output = torch.full((1, 1, 1, 1), 0.25), torch.zeros(1, 1, 1, 1)
    # The share of the keypoint's weight, |1 - 0|, is 0.25^gamma.
    assert float(loss(gamma=0.5)(output, target)) == pytest.approx(0.5 * 0.25**2)
    with pytest.raises(ValueError, match='gamma'):
        loss(gamma=0)


def test_gradients_are_finite_for_any_target():
    torch.manual_seed(0)
    output = torch.randn(2, 3, 8, 8, requires_grad=True)
    mask = (torch.rand(2, 1, 8, 8) < 0.5).float()
    loss()(output, torch.randn(2, 3, 8, 8), None, mask).backward()
    assert output.grad.isfinite().all()
    assert not output.grad[(mask == 0).expand_as(output)].any()
