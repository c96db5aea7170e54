"""Networks that are exported in tests, with statistics as if they were trained."""

import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from networks import TINY, litepose
from torch.nn.modules.batchnorm import _BatchNorm

from litepose_mm.models.utils.deploy_graph import DeployGraph, deploy_decoder
from litepose_mm.utils.paths import config_path, mim_root
from litepose_mm.zoo import MODELS

#: LitePose's head on networks of MMPose's.
MIXED = {
    path.stem.split('_')[1]: path
    for path in sorted((mim_root() / 'configs').rglob('ae_fusion-*.py'))
}
#: The smallest bottom-up model of every family and data set; test_families/ has the others.
SMALLEST = {
    (entry.family, entry.dataset): entry
    for entry in sorted(MODELS.values(), key=lambda entry: -entry.params)
    if 'topdown' not in entry.config
}
ZOO = {entry.name: config_path(entry.config) for entry in SMALLEST.values()}
#: Heads with other levels.
LEVELS = {
    'one level': dict(tag_levels=(True,), tag_dim=2),
    'tags at the finest': dict(tag_levels=(False, True)),
    'three levels': dict(tag_levels=(True, False, False)),
    'three levels, two with tags': dict(tag_levels=(True, True, False), tag_dim=2),
}
NAMES = [*ZOO, *MIXED, *LEVELS]


@torch.no_grad()
def with_statistics(model):
    """Give every BN statistics of noise, and parameters that folding must not get wrong."""
    norms = [layer for layer in model.modules() if isinstance(layer, _BatchNorm)]
    for layer in norms:
        layer.weight.uniform_(0.5, 1.5)
        layer.bias.uniform_(-0.5, 0.5)
        layer.momentum = 1
    model.train()
    model.head.forward(model.extract_feat(torch.randn(2, 3, 128, 128)))
    return model.eval()


def network(name):
    """The network of a name in NAMES, in eval mode."""
    torch.manual_seed(0)
    if name in LEVELS:
        return with_statistics(litepose(TINY, 6, head=LEVELS[name]))
    config = Config.fromfile(str((ZOO | MIXED)[name])).model
    return with_statistics(build_pose_estimator(config).eval())


def mirror(model):
    """Mirror partners of COCO's or CrowdPose's keypoints, or some pairs."""
    count = model.head.num_keypoints
    if count not in (14, 17):
        return list(range(count))[::-1]
    partners = list(range(count))
    first, last = (1, 17) if count == 17 else (0, 12)
    partners[first:last:2], partners[first + 1 : last : 2] = (
        partners[first + 1 : last : 2],
        partners[first:last:2],
    )
    return partners


def deploy_graph(model, outputs=None, flip_test=False):
    """The graph of a network, in evaluation mode; with the flip test keypoints swap as mirrored."""
    decoder = deploy_decoder(model, outputs, flip_test)
    return DeployGraph(model, decoder, flip_test, mirror(model)).eval()
