from .efficientpose_head import EfficientPoseHead
from .fusion_deconv_head import FusionDeconvHead
from .higher_hrnet_head import HigherHRNetHead
from .lightweight_openpose_head import LightweightOpenPoseHead
from .multilevel_ae_head import MultiLevelAEHead
from .part_affinity_head import PartAffinityHead

__all__ = [
    'EfficientPoseHead',
    'FusionDeconvHead',
    'HigherHRNetHead',
    'LightweightOpenPoseHead',
    'MultiLevelAEHead',
    'PartAffinityHead',
]
