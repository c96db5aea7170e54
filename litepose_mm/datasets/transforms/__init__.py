from .bottomup_random_affine_align import BottomupRandomAffineAlign
from .bottomup_resize import RuleResize
from .bottomup_resize_align import BottomupResizeAlign
from .bottomup_resize_height import BottomupResizeHeight
from .formatting import PackMultiScaleInputs
from .heatmap_mask import MultiLevelHeatmapMask

__all__ = [
    'BottomupRandomAffineAlign',
    'BottomupResizeAlign',
    'BottomupResizeHeight',
    'MultiLevelHeatmapMask',
    'PackMultiScaleInputs',
    'RuleResize',
]
