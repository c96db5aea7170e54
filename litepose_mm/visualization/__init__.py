"""Draw skeletons and maps on images. numpy and OpenCV only."""

from .colors import person_color
from .draw import COLOR_SCHEMES, draw_skeletons
from .maps import draw_heatmaps, draw_tags
from .notebook import notebook_png
from .sheet import draw_sheet
from .targets import draw_targets

__all__ = [
    'COLOR_SCHEMES',
    'draw_heatmaps',
    'draw_sheet',
    'draw_skeletons',
    'draw_tags',
    'draw_targets',
    'notebook_png',
    'person_color',
]
