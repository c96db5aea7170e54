"""Two processes with half of a batch each learn what one learns from the batch."""

import numpy as np
import pytest
import torch
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import OptimWrapper
from mmpose.models import build_pose_estimator
from networks import ae_samples, litepose_config
from processes import run_together
from torch import distributed, nn
from torch.distributed.nn import functional as collectives

PEOPLE = (0, 1, 4, 2)  # on each image
pytestmark = pytest.mark.slow

HALVES = (slice(0, 2), slice(2, 4))
NORMS = ('frozen', 'joint', 'own')


class JointBatchNorm2d(nn.BatchNorm2d):
    """With the statistics of all processes, as torch's SyncBatchNorm, which wants a GPU."""

    def forward(self, maps):
        moments = torch.stack([maps.mean((0, 2, 3)), maps.square().mean((0, 2, 3))])
        mean, square = collectives.all_reduce(moments) / distributed.get_world_size()
        scale = self.weight * (square - mean.square() + self.eps).rsqrt()
        return (maps - mean[:, None, None]) * scale[:, None, None] + self.bias[:, None, None]


class KeepsGradients(OptimWrapper):
    def zero_grad(self, **options):
        pass


def learn(images, norm='own'):
    """Gradients by name, and the loss, of LitePose-XS on some of the images."""
    torch.manual_seed(0)
    model = build_pose_estimator(litepose_config('litepose-xs')).train(norm != 'frozen')
    model.double()  # rounding must not decide on which side of an activation's corner a value is
    model.backbone.register_forward_pre_hook(lambda module, args: args[0].double())
    if norm == 'joint':
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.__class__ = JointBatchNorm2d
    photos = torch.randint(256, (len(PEOPLE), 3, 64, 64)).float()
    samples = ae_samples(model, PEOPLE)
    samples[1].gt_fields.heatmap_mask[0][:, :8] = 0
    batch = dict(inputs=list(photos[images]), data_samples=samples[images])
    trained = model
    if distributed.is_initialized():
        trained = MMDistributedDataParallel(model, device_ids=None, broadcast_buffers=False)
    log = trained.train_step(batch, KeepsGradients(torch.optim.SGD(model.parameters(), lr=0.0)))
    gradients = {name: p.grad.detach().numpy() for name, p in model.named_parameters()}
    return gradients, float(log['loss'].detach())


def learn_my_half():
    return [learn(HALVES[distributed.get_rank()], norm) for norm in NORMS]


@pytest.fixture(scope='module')
def halves():
    """Gradients and loss of each process, for each way to normalise."""
    first, second = run_together(learn_my_half)
    return {norm: both for norm, *both in zip(NORMS, first, second)}


def largest_difference(some, others):
    """Of all gradients, as a share of the largest in the same tensor."""
    return max(np.abs(some[name] - others[name]).max() / np.abs(some[name]).max() for name in some)


@pytest.mark.parametrize('norm', NORMS)
def test_processes_agree(halves, norm):
    (first, loss), (second, other_loss) = halves[norm]
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert loss != pytest.approx(other_loss, rel=1e-3)  # each saw its own images


@pytest.mark.parametrize('norm, alone', [('frozen', 'frozen'), ('joint', 'own')])
def test_gradients_are_those_of_the_joined_batch(halves, norm, alone):
    gradients, loss = learn(slice(None), alone)
    (first, first_loss), (_, second_loss) = halves[norm]
    assert largest_difference(gradients, first) < 1e-6
    assert (first_loss + second_loss) / 2 == pytest.approx(loss, rel=1e-5)


def test_with_plain_batch_normalisation_each_half_has_its_own_statistics(halves):
    joined, _ = learn(slice(None))
    (first, _), (second, _) = (learn(half) for half in HALVES)
    mean = {name: (first[name] + second[name]) / 2 for name in first}
    assert largest_difference(mean, halves['own'][0][0]) < 1e-5
    assert largest_difference(joined, mean) > 0.1
