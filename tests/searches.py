"""Small searches by gradient, for tests."""

import numpy as np
import torch
from mmengine.registry import init_default_scope
from mmengine.structures import InstanceData, PixelData
from mmpose.models import build_pose_estimator
from mmpose.structures import PoseDataSample

import litepose_mm.modules  # noqa: F401

SPACE = dict(
    family='efficientpose',
    largest=dict(
        img_size=32,
        input_channel=8,
        stages=[
            dict(channel=8, stride=2, blocks=['K5_E4'] * 2),
            dict(channel=12, stride=2, blocks=['K5_E4'] * 3),
        ],
        deconv_channels=[8],
    ),
    kernel_sizes=[5, 3],
    expansions=[4, 2],
)
CODEC = dict(type='MSRAHeatmap', input_size=(32, 48), heatmap_size=(8, 12), sigma=1)


def search_config(space=SPACE, **values):
    """Config of a differentiable estimator."""
    values.setdefault('cost', dict(name='macs', weight=0.1))
    return dict(
        type='DifferentiableTopdownPoseEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor'),
        backbone=dict(type='MixedEfficientPose', space=space),
        head=dict(
            type='EfficientPoseHead',
            in_channels=12,
            out_channels=3,
            deconv_out_channels=(8,),
            deconv_kernel_sizes=(4,),
            decoder=CODEC,
        ),
        test_cfg=dict(flip_test=False),
        **values,
    )


def search_model(**values):
    """A differentiable estimator with random weights, logits and statistics."""
    init_default_scope('mmpose')
    torch.manual_seed(0)
    model = build_pose_estimator(search_config(**values))
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if tensor.is_floating_point() and tensor.ndim == 1 and 'alpha' not in name:
                tensor.uniform_(0.5, 1.5)
        for block in model.mixed_blocks:
            block.alpha.normal_()
    return model


def batch(count=4):
    """Images and samples of the codec."""
    generator = torch.Generator().manual_seed(1)
    size = np.array([32.0, 48.0])
    samples = []
    for _ in range(count):
        own = PoseDataSample(
            metainfo=dict(input_center=size / 2, input_scale=size, input_size=(32, 48))
        )
        own.gt_fields = PixelData(heatmaps=torch.rand(3, 12, 8, generator=generator))
        own.gt_instance_labels = InstanceData(keypoint_weights=torch.ones(1, 3))
        samples.append(own)
    return torch.randn(count, 3, 48, 32, generator=generator), samples
