from .bottomup_resize_align import BottomupResizeAlign

__all__ = ['BottomupResizeAlign']
