from .bottomup_resize_align import BottomupResizeAlign
from .formatting import PackMultiScaleInputs

__all__ = ['BottomupResizeAlign', 'PackMultiScaleInputs']
