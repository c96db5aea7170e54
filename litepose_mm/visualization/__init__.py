"""Drawing skeletons on pictures. numpy and OpenCV only."""

from .colors import person_color
from .draw import COLOR_SCHEMES, draw_skeletons

__all__ = ['COLOR_SCHEMES', 'draw_skeletons', 'person_color']
