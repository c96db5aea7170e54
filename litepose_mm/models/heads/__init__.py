from .fusion_deconv_head import FusionDeconvHead
from .multilevel_ae_head import MultiLevelAEHead

__all__ = ['FusionDeconvHead', 'MultiLevelAEHead']
