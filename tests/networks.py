"""Small networks for tests."""

import numpy as np
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData
from mmpose.models import build_pose_estimator
from mmpose.structures import MultilevelPixelData, PoseDataSample
from pipelines import ae_codec
from torch import nn

import litepose_mm.modules  # noqa: F401
from litepose_mm.families.litepose import Architecture, Stage

init_default_scope('mmpose')

#: A LitePose of 8 blocks that runs in milliseconds.
TINY = Architecture(
    img_size=64,
    input_channel=8,
    deconv_setting=(16, 8, 8),
    stages=(
        Stage(8, 2, ((2, 3), (2, 5))),
        Stage(16, 2, ((2, 7), (2, 3))),
        Stage(16, 2, ((2, 3), (2, 3))),
        Stage(24, 1, ((2, 3), (2, 9))),
    ),
)


def litepose_config(arch, num_keypoints=14, head=None, test_cfg=None, decoder=None):
    """Config of a LitePose estimator."""
    arch = arch.to_dict() if isinstance(arch, Architecture) else arch
    return dict(
        type='MultiScaleBottomupPoseEstimator',
        data_preprocessor=dict(type='MultiScaleDataPreprocessor'),
        backbone=dict(type='LitePose', arch=arch),
        head=dict(
            type='FusionDeconvHead',
            arch=arch,
            num_keypoints=num_keypoints,
            decoder=decoder or ae_codec(input_size=(64, 64)),
            **(head or {}),
        ),
        test_cfg=test_cfg or dict(flip_test=False),
    )


def litepose(*args, **kwargs):
    """A LitePose estimator in eval mode; see litepose_config."""
    return build_pose_estimator(litepose_config(*args, **kwargs)).eval()


def ae_samples(model, people):
    """A training sample of the model's codec for each number of people."""
    samples = []
    for index, count in enumerate(people):
        rng = np.random.default_rng(index)
        keypoints = rng.uniform(0, 64, (count, model.head.num_keypoints, 2))
        encoded = model.head.decoder.encode(keypoints)
        sample = PoseDataSample()
        sample.gt_fields = MultilevelPixelData(
            heatmaps=[torch.from_numpy(m) for m in encoded['heatmaps']],
            heatmap_mask=[torch.ones(1, *m.shape[1:]) for m in encoded['heatmaps']],
        )
        sample.gt_instance_labels = InstanceData(
            keypoint_indices=torch.from_numpy(encoded['keypoint_indices'])
        )
        samples.append(sample)
    return samples


def make_it_see_people(model):
    """Scale a random network's last layers so that its heatmaps have peaks."""
    for layer in model.head.modules():
        is_pointwise = isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1)
        if is_pointwise and layer.out_channels in model.head.level_channels:
            layer.weight.data *= 1e4
    return model
