"""Draw backgrounds."""

from __future__ import annotations

import cv2
import numpy as np

from .textures import gradient, perspective_floor, smooth_noise
from .wardrobe import cloth_color, scaled


def paint_background(size: tuple[int, int], horizon: float, rng: np.random.Generator) -> np.ndarray:
    """Draw an image, BGR uint8 ``(height, width, 3)``.

    Args:
        size: Width and height in pixels.
        horizon: Row of the horizon.
        rng: Random number generator.
    """
    row = int(np.clip(horizon, 4, size[1] - 8))
    image = _KINDS[int(rng.integers(len(_KINDS)))](size, row, rng)
    if rng.random() < 0.5:
        _add_clutter(image, int(rng.integers(3, 14)), rng)
    return image


def _room(size: tuple[int, int], horizon: int, rng: np.random.Generator) -> np.ndarray:
    width, height = size
    edge = min(horizon + int(rng.uniform(0.05, 0.25) * height), height - 6)
    wall = _soft(cloth_color(rng), 0.5)
    image = gradient(size, scaled(wall, 1.15), scaled(wall, 0.8))
    kind = rng.random()
    if kind < 0.35:  # wallpaper or boards
        period = int(rng.integers(6, 30))
        image[:, (np.arange(width) // period) % 2 == 0] //= 8
        image[:, (np.arange(width) // period) % 2 == 0] *= 7
    elif kind < 0.55:  # bricks
        tone, tall = scaled(wall, 0.65), int(rng.integers(7, 16))
        for rank, y in enumerate(range(0, edge, tall)):
            cv2.line(image, (0, y), (width, y), tone, 1)
            for x in range((rank % 2) * tall, width, 2 * tall):
                cv2.line(image, (x, y), (x, y + tall), tone, 1)
    for _ in range(int(rng.integers(0, 5))):  # images, windows, doors
        x, y = int(rng.integers(-20, width)), int(rng.integers(-20, max(edge - 10, 1)))
        w, h = (rng.uniform(0.08, 0.4, 2) * width).astype(int).tolist()
        cv2.rectangle(image, (x, y), (x + w, min(y + h, edge)), cloth_color(rng), -1)
        cv2.rectangle(image, (x, y), (x + w, min(y + h, edge)), cloth_color(rng), 2)
    _floor(image, edge, rng)
    cv2.rectangle(image, (0, edge - 3), (width, edge), scaled(wall, 0.5), -1)
    return image


def _street(size: tuple[int, int], horizon: int, rng: np.random.Generator) -> np.ndarray:
    width, height = size
    sky = (int(rng.integers(150, 255)), int(rng.integers(140, 230)), int(rng.integers(110, 220)))
    image = gradient(size, scaled(sky, 0.85), scaled(sky, 1.15))
    x = -int(rng.integers(0, 40))
    while x < width:
        wide, top = int(rng.integers(25, 90)), int(horizon * rng.uniform(-0.4, 0.8))
        wall, pane = _soft(cloth_color(rng), 0.6), cloth_color(rng)
        cv2.rectangle(image, (x, top), (x + wide, horizon + 4), wall, -1)
        step = int(rng.integers(8, 18))
        for y in range(max(top, -step) + 4, horizon - 3, step):
            for column in range(x + 4, x + wide - 4, step):
                cv2.rectangle(image, (column, y), (column + step // 2, y + step // 2), pane, -1)
        x += wide
    _floor(image, horizon, rng)
    return image


def _field(size: tuple[int, int], horizon: int, rng: np.random.Generator) -> np.ndarray:
    width, height = size
    sky = (int(rng.integers(180, 255)), int(rng.integers(150, 220)), int(rng.integers(100, 200)))
    image = gradient(size, sky, (235, 230, 225))
    clouds = smooth_noise(rng, size, (4, 11))
    image = cv2.addWeighted(image, 0.85, clouds, 0.3, -10)
    x = np.linspace(0, width, 12)
    hills = horizon - rng.uniform(0, 0.15, 12) * height
    outline = np.concatenate([np.stack([x, hills], 1), [[width, height], [0, height]]])
    ground = (int(rng.integers(30, 110)), int(rng.integers(80, 170)), int(rng.integers(40, 160)))
    cv2.fillPoly(image, [outline.astype(np.int32)], scaled(ground, 0.8))
    for _ in range(int(rng.integers(0, 12))):
        centre = int(rng.integers(0, width)), horizon + int(rng.integers(-15, 6))
        radius = int(rng.integers(4, 24))
        cv2.rectangle(image, (centre[0] - 2, centre[1]), (centre[0] + 2, centre[1] + radius),
                      (40, 60, 80), -1)  # fmt: skip
        leaves = scaled(ground, float(rng.uniform(0.4, 0.9)))
        cv2.circle(image, (centre[0], centre[1] - radius // 2), radius, leaves, -1, cv2.LINE_AA)
    rest = (width, height - horizon)
    grass = gradient(rest, scaled(ground, 0.9), scaled(ground, 1.2))
    noise = smooth_noise(rng, rest, (5, 30, max(width // 3, 2)))
    image[horizon:] = cv2.addWeighted(grass, 0.8, noise, 0.35, -20)
    return image


def _noise(size: tuple[int, int], horizon: int, rng: np.random.Generator) -> np.ndarray:
    base = gradient(size, _soft(cloth_color(rng), 0.9), _soft(cloth_color(rng), 0.9))
    share = float(rng.uniform(0.2, 0.8))
    noise = smooth_noise(rng, size, ((3, 12), (3, 9, 27), (6, 24, 96))[int(rng.integers(3))])
    return cv2.addWeighted(base, 1 - share, noise, share, 0)


def _clutter(size: tuple[int, int], horizon: int, rng: np.random.Generator) -> np.ndarray:
    image = _noise(size, horizon, rng)
    _add_clutter(image, int(rng.integers(15, 45)), rng)
    return image


def _floor(image: np.ndarray, horizon: int, rng: np.random.Generator) -> None:
    height, width = image.shape[:2]
    ground = _soft(cloth_color(rng), 0.45)
    rest = (width, height - horizon)
    floor = gradient(rest, scaled(ground, 0.75), scaled(ground, 1.1))
    if rng.random() < 0.55:
        dark = perspective_floor(
            (width, height), horizon, float(rng.uniform(0, width)), float(rng.uniform(2, 12))
        )
        floor[dark] = scaled(ground, float(rng.uniform(0.6, 0.9)))
    else:
        noise = smooth_noise(rng, rest, (8, 64))
        floor = cv2.addWeighted(floor, 0.85, noise, 0.15, 0)
    image[horizon:] = floor


def _add_clutter(image: np.ndarray, count: int, rng: np.random.Generator) -> None:
    """Draw shapes of all sizes, including bars and discs that resemble limbs and heads."""
    height, width = image.shape[:2]
    places = rng.uniform(-0.1, 1.1, (count, 2)) * (width, height)
    sizes = np.exp(rng.uniform(np.log(0.015), np.log(0.3), (count, 2))) * height
    kinds, turns = rng.integers(0, 4, count).tolist(), rng.uniform(0, 180, count).tolist()
    for (x, y), (a, b), kind, turn in zip(places.tolist(), sizes.tolist(), kinds, turns):
        color = cloth_color(rng)
        if kind == 0:
            box = cv2.boxPoints(((x, y), (a, b), turn))
            cv2.fillConvexPoly(image, box.astype(np.int32), color, cv2.LINE_AA)
        elif kind == 1:
            cv2.ellipse(image, (round(x), round(y)), (round(a / 2) + 1, round(b / 2) + 1), turn, 0,
                        360, color, -1, cv2.LINE_AA)  # fmt: skip
        else:
            step = np.array((np.cos(turn), np.sin(turn))) * a
            corners = np.array([[x, y], [x + step[0], y + step[1]], [x + b, y + a]])
            if kind == 2:
                cv2.fillConvexPoly(image, corners.astype(np.int32), color, cv2.LINE_AA)
            else:
                start, end = corners[:2].astype(int).tolist()
                cv2.line(image, start, end, color, max(round(0.15 * b), 1), cv2.LINE_AA)


def _soft(color: tuple[int, int, int], strength: float) -> tuple[int, int, int]:
    """Return a paler colour, as of walls and floors."""
    blue, green, red = (int(128 + 30 * (1 - strength) + strength * (c - 128)) for c in color)
    return blue, green, red


_KINDS = (_room, _street, _field, _noise, _clutter)
