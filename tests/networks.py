"""Small networks for tests."""

from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator

import litepose_mm.modules  # noqa: F401
from litepose_mm.architectures import Architecture, Stage
from litepose_mm.recipes import ae_codec

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


def litepose(arch, num_keypoints=14, head=None, test_cfg=None, decoder=None):
    """A LitePose estimator in eval mode."""
    arch = arch.to_dict() if isinstance(arch, Architecture) else arch
    model = build_pose_estimator(
        dict(
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
    )
    return model.eval()
