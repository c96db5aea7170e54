"""A small supernet and its space, for tests."""

import networks
import torch
from mmpose.models import build_pose_estimator
from pipelines import ae_codec

from litepose_mm.families.litepose import Architecture, Stage
from litepose_mm.nas.families.litepose import LitePoseSearchSpace

#: Widths 8 to 32, so that 0.5 and 0.25 differ; the last stage is as wide as the one before.
LARGEST = Architecture(
    img_size=64,
    input_channel=16,
    deconv_setting=(32, 16, 16),
    stages=(
        Stage(16, 2, ((2, 7), (2, 7))),
        Stage(24, 2, ((2, 7), (2, 7))),
        Stage(32, 2, ((2, 7), (2, 7), (2, 7))),
        Stage(32, 1, ((2, 7), (2, 7))),
    ),
)
SPACE = LitePoseSearchSpace(
    LARGEST,
    img_sizes=(64, 32),
    ratios=(1, 0.75, 0.5),
    depths=((1, 2), (2,), (1, 2, 3), (2,)),
    kernel_sizes=(7, 5, 3),
)


def randomise(model, seed=0):
    """Random statistics and norms too, so that nothing is equal by chance."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim == 1:
            tensor.uniform_(0.5, 1.5, generator=generator)
        elif 'kernel_transforms' in name:
            tensor.add_(torch.randn(tensor.shape, generator=generator) / 20)
    return model


def supernet_config(largest=LARGEST, kernel_sizes=(3, 5), num_keypoints=14):
    """Config of a supernet's estimator."""
    codec = ae_codec(input_size=(64, 64))
    config = networks.litepose_config(largest, num_keypoints, decoder=codec)
    config['type'] = 'SupernetBottomupPoseEstimator'
    config['backbone'].update(type='ElasticLitePose', kernel_sizes=kernel_sizes)
    config['head']['type'] = 'ElasticFusionDeconvHead'
    return config


def build_supernet(largest=LARGEST, kernel_sizes=(3, 5)):
    """A supernet in eval mode, with random statistics and kernel transforms."""
    torch.manual_seed(0)
    return randomise(build_pose_estimator(supernet_config(largest, kernel_sizes)).eval())
