import torch

from litepose_mm.models import BatchL2Loss


def test_half_the_sum_per_image():
    output, target = torch.full((2, 3, 4, 5), 3.0), torch.ones(2, 3, 4, 5)
    assert BatchL2Loss()(output, target) == 2**2 * 3 * 4 * 5 / 2
    mask = torch.zeros(2, 1, 4, 5)
    mask[0, 0, 0, 0] = 1
    assert BatchL2Loss(loss_weight=10)(output, target, mask) == 10 * 2**2 * 3 / (2 * 2)
