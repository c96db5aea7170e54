"""Clothes: colours, textures and cuts."""

from __future__ import annotations

import colorsys
from typing import NamedTuple

import numpy as np

Color = tuple[int, int, int]  # BGR, 0-255

SKIN: tuple[Color, ...] = (
    (196, 214, 245), (170, 196, 236), (140, 174, 222), (112, 148, 203), (84, 118, 176),
    (62, 90, 143), (46, 66, 110), (34, 48, 82),
)  # fmt: skip
HAIR: tuple[Color, ...] = (
    (22, 20, 20), (30, 36, 48), (36, 54, 84), (60, 100, 150), (110, 170, 214), (44, 66, 150),
    (150, 150, 152), (205, 208, 210),
)  # fmt: skip
TEXTURES = ('plain', 'stripes', 'checks', 'dots', 'noise')
_TEXTURE_SHARES = np.cumsum((0.45, 0.2, 0.12, 0.08, 0.15))


class Texture(NamedTuple):
    """A pattern in a second colour.

    Attributes:
        kind: One of :data:`TEXTURES`.
        color: The second colour.
        period: Size as a share of stature.
        angle: Direction in degrees.
        seed: Seed of patterns without a period.
    """

    kind: str
    color: Color
    period: float
    angle: float
    seed: int


class Outfit(NamedTuple):
    """Colours and cut of clothes.

    Attributes:
        colors: Colour of each material.
        textures: Texture of some materials.
        sleeves: How far sleeves reach along the upper arm; 2 for long sleeves, 0 for none.
        legs: How far trousers reach along the thigh; 2 for long trousers.
        skirt: How far a skirt reaches along the thigh, 0 for none.
        socks: How far socks reach up the shank.
        loose: Looseness of clothes.
        shirt_out: Whether the shirt hangs over the trousers.
        bald: Whether there is no hair.
        long_hair: How far hair hangs down, 0 for short hair.
    """

    colors: dict[str, Color]
    textures: dict[str, Texture]
    sleeves: float
    legs: float
    skirt: float
    socks: float
    loose: float
    shirt_out: bool
    bald: bool
    long_hair: float


def cloth_color(rng: np.random.Generator) -> Color:
    """Sample a colour: many are dark or gray, some are bright."""
    hue, kind, value, saturation = rng.random(4).tolist()
    if kind < 0.3:
        saturation, value = 0.15 * saturation, 0.08 + 0.87 * value
    elif kind < 0.6:
        saturation, value = 0.2 + 0.6 * saturation, 0.12 + 0.35 * value
    else:
        saturation, value = 0.35 + 0.6 * saturation, 0.45 + 0.5 * value
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(255 * blue), round(255 * green), round(255 * red)


def scaled(color: Color, factor: float) -> Color:
    """Return a lighter or darker colour."""
    blue, green, red = (int(min(max(round(channel * factor), 0), 255)) for channel in color)
    return blue, green, red


def sample_outfit(rng: np.random.Generator) -> Outfit:
    """Sample the clothes of a person."""
    skin = scaled(SKIN[int(rng.integers(len(SKIN)))], float(rng.uniform(0.9, 1.08)))
    hair = HAIR[int(rng.integers(len(HAIR)))]
    draw = rng.random(9).tolist()
    skirt = 0.45 + 0.5 * draw[1] if draw[0] < 0.14 else 0.0
    colors = {
        'skin': skin,
        'skin_dark': scaled(skin, 0.8),
        'lips': tuple(int(v) for v in np.array(skin) * (0.62, 0.58, 0.85)),
        'hair': hair,
        'eye_white': (225, 228, 230),
        'pupil': (35, 30, 30),
        'shirt': cloth_color(rng),
        'trousers': cloth_color(rng),
        'shoes': cloth_color(rng),
        'socks': cloth_color(rng),
    }
    if skirt and draw[2] < 0.5:
        colors['trousers'] = colors['shirt']  # a dress
    textures = {}
    for material, share in (('shirt', 1.0), ('trousers', 0.45)):
        kind = TEXTURES[int(np.searchsorted(_TEXTURE_SHARES, rng.random(), side='right'))]
        texture = Texture(
            kind, cloth_color(rng), float(rng.uniform(0.018, 0.06)),
            float(rng.choice((0.0, 90.0, 45.0, 10.0))), int(rng.integers(1 << 16)),
        )  # fmt: skip
        if kind != 'plain' and rng.random() < share:
            textures[material] = texture
    short_legs = 0.45 + 0.6 * draw[3] if draw[4] < 0.3 else 2.0
    return Outfit(
        colors,
        textures,
        sleeves=2.0 if draw[5] < 0.45 else (0.0 if draw[5] > 0.88 else 0.35 + 0.5 * draw[6]),
        legs=0.25 if skirt else short_legs,
        skirt=skirt,
        socks=0.25 + 0.4 * draw[7] if draw[4] < 0.1 else 0.0,
        loose=2 * draw[7],
        shirt_out=draw[8] < 0.7,
        bald=bool(rng.random() < 0.08),
        long_hair=float(rng.uniform(0.08, 0.17)) if rng.random() < 0.32 else 0.0,
    )
