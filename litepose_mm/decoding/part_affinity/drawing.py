"""Draw the heatmaps and fields of people, which a network should learn to output."""

from __future__ import annotations

import numpy as np

from .body import Body

# Gaussians end where they fall to this height.
_LOWEST = 0.01


def draw_heatmaps(
    positions: np.ndarray, heights: np.ndarray, size_wh: tuple[int, int], sigma: float
) -> np.ndarray:
    """Draws a Gaussian for each part of each person, and the background.

    Args:
        positions: Positions of the parts in pixels of the maps, ``(N, P, 2)``.
        heights: Peak value of each Gaussian, ``(N, P)``. Only those above 0 are drawn.
        size_wh: Width and height of the maps.
        sigma: Standard deviation in pixels of the maps.

    Returns:
        Float32 ``(P + 1, h, w)``: the maximum over all people, then 1 minus the highest of these.
    """
    width, height = size_wh
    maps = np.zeros((positions.shape[1] + 1, height, width), dtype=np.float32)
    for person, part in np.argwhere(heights > 0):
        x, y = positions[person, part]
        rows, columns = (
            np.exp(-((np.arange(size) - centre) ** 2) / (2 * sigma**2)).astype(np.float32)
            for size, centre in ((height, y), (width, x))
        )
        gaussian = rows[:, None] * columns
        gaussian[gaussian < _LOWEST] = 0
        np.maximum(maps[part], heights[person, part] * gaussian, out=maps[part])
    maps[-1] = 1 - maps[:-1].max(axis=0)
    return maps


def draw_fields(
    body: Body,
    positions: np.ndarray,
    heights: np.ndarray,
    size_wh: tuple[int, int],
    thickness: float,
) -> np.ndarray:
    """Draws unit vectors along the limbs of people, averaged where limbs of a kind overlap.

    Args:
        body: The limbs.
        positions: Positions of the parts in pixels of the maps, ``(N, P, 2)``.
        heights: Above 0 for parts that exist, ``(N, P)``. A limb needs both ends.
        size_wh: Width and height of the maps.
        thickness: Largest distance from a limb in pixels of the maps.

    Returns:
        Float32 ``(2 * L, h, w)``.
    """
    width, height = size_wh
    fields = np.zeros((len(body.limbs), 2, height, width), dtype=np.float32)
    counts = np.zeros((len(body.limbs), height, width), dtype=np.float32)
    for limb in body.limbs:
        exists = (heights[:, limb.start] > 0) & (heights[:, limb.end] > 0)
        for start, end in positions[exists][:, [limb.start, limb.end]]:
            length = np.hypot(*(end - start))
            if length == 0:
                continue
            window, near = _near(start, end, size_wh, thickness)
            fields[(limb.field, slice(None), *window)] += (
                near * ((end - start) / length)[:, None, None]
            )
            counts[(limb.field, *window)] += near
    fields /= np.maximum(counts, 1)[:, None]
    return fields.reshape(-1, height, width)


def _near(
    start: np.ndarray, end: np.ndarray, size_wh: tuple[int, int], thickness: float
) -> tuple[tuple[slice, slice], np.ndarray]:
    """Returns a window of rows and columns, and which of its pixels are close to the limb."""
    low = np.floor(np.minimum(start, end) - thickness).astype(int)
    high = np.ceil(np.maximum(start, end) + thickness).astype(int) + 1
    left, top = np.clip(low, 0, size_wh)
    right, bottom = np.clip(high, 0, size_wh)
    y, x = np.mgrid[top:bottom, left:right]
    offset, along = np.stack([x, y], axis=-1) - start, end - start
    share = np.clip(offset @ along / (along @ along), 0, 1)
    apart = np.linalg.norm(offset - share[..., None] * along, axis=-1)
    return (slice(top, bottom), slice(left, right)), apart <= thickness
