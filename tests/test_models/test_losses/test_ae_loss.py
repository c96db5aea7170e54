import pytest
import torch

import litepose_mm.modules  # noqa: F401
from litepose_mm.models.losses import BatchAssociativeEmbeddingLoss


def per_image(tags, indices):
    """The loss of one image in loops: tags (L, K, H, W), indices (N, K, 2)."""
    means, pull = [], 0
    for person in indices:
        values = [tags[:, k].flatten(1)[:, i] for k, (i, v) in enumerate(person) if v]
        if values:
            values = torch.stack(values)
            means.append(values.mean(0))
            pull = pull + (values - means[-1]).square().sum(1).mean()
    if not means:
        return 0, 0
    count = len(means)
    push = sum(
        0.5 * torch.exp(-(a - b).square().sum())
        for i, a in enumerate(means)
        for j, b in enumerate(means)
        if i != j
    )
    return pull / count, push / (count * (count - 1)) if count > 1 else 0


@pytest.mark.parametrize('people', [[0], [1], [2, 0, 5], [40], [0, 0]])
@pytest.mark.parametrize('tag_dim', [1, 2])
def test_equals_the_loops(people, tag_dim):
    torch.manual_seed(len(people))
    batch, keypoints, height, width = len(people), 5, 6, 7
    tags = torch.randn(batch, tag_dim * keypoints, height, width, requires_grad=True)
    indices = [
        torch.stack(
            [
                torch.randint(height * width, (count, keypoints)),
                (torch.rand(count, keypoints) < 0.6).long(),
            ],
            dim=-1,
        )
        for count in people
    ]
    pull, push = BatchAssociativeEmbeddingLoss(1.0, 1.0)(tags, indices)
    expected = [
        per_image(t.view(tag_dim, keypoints, height, width), i) for t, i in zip(tags, indices)
    ]
    assert float(pull) == pytest.approx(float(sum(e[0] for e in expected)) / batch, abs=1e-5)
    assert float(push) == pytest.approx(float(sum(e[1] for e in expected)) / batch, abs=1e-5)
    (gradient,) = torch.autograd.grad(pull + push, tags)
    assert gradient.isfinite().all()


def test_weights_and_precision():
    tags = torch.full((1, 1, 2, 2), 300.0, dtype=torch.float16)
    tags[0, 0, 0, 0] = -300
    indices = [torch.tensor([[[0, 1]], [[1, 1]]])]
    pull, push = BatchAssociativeEmbeddingLoss(0.5, 2.0)(tags, indices)
    assert pull.dtype == push.dtype == torch.float32
    assert pull == 0 and push == 0  # exp(-600^2)
    tags[:] = 1
    assert BatchAssociativeEmbeddingLoss(0.5, 2.0)(tags, indices)[1] == 1
