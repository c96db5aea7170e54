"""Choose colours that tell people apart."""

from __future__ import annotations

import colorsys

_GOLDEN_RATIO = 0.618033988749895  # steps of this size around the hue circle never nearly repeat


def person_color(index: int) -> tuple[int, int, int]:
    """Returns a bright RGB colour (0-255) for a person; consecutive indices differ clearly."""
    hue = (0.55 + index * _GOLDEN_RATIO) % 1.0
    saturation = (0.75, 0.55, 0.95)[index // 7 % 3]  # 7 hues are still distinct
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, 1.0)
    return round(255 * red), round(255 * green), round(255 * blue)
