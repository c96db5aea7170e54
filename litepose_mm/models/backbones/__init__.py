from .compact_efficientnet import CompactEfficientNet
from .dilated_mobilenet import DilatedMobileNet
from .efficient_hrnet import EfficientHRNet
from .efficientpose import EfficientPose
from .litepose import LitePose
from .shrinkable_hrnet import ShrinkableHRNet

__all__ = [
    'CompactEfficientNet',
    'DilatedMobileNet',
    'EfficientHRNet',
    'EfficientPose',
    'LitePose',
    'ShrinkableHRNet',
]
