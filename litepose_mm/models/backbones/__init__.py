from .dilated_mobilenet import DilatedMobileNet
from .litepose import LitePose

__all__ = ['DilatedMobileNet', 'LitePose']
