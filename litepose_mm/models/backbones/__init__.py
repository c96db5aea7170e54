from .compact_efficientnet import CompactEfficientNet
from .efficient_hrnet import EfficientHRNet
from .litepose import LitePose
from .shrinkable_hrnet import ShrinkableHRNet

__all__ = ['CompactEfficientNet', 'EfficientHRNet', 'LitePose', 'ShrinkableHRNet']
