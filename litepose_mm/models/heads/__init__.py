from .fusion_deconv_head import FusionDeconvHead
from .higher_hrnet_head import HigherHRNetHead
from .multilevel_ae_head import MultiLevelAEHead

__all__ = ['FusionDeconvHead', 'HigherHRNetHead', 'MultiLevelAEHead']
