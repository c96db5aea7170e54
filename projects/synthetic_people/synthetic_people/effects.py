"""Effects of a camera on an image: light, blur, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np


def apply_effects(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return the image as a camera might have taken it, usually slightly worse.

    Args:
        image: BGR uint8, may be changed.
        rng: Random number generator.
    """
    height, width = image.shape[:2]
    draw = rng.random(6).tolist()
    if draw[0] < 0.4:  # uneven light
        corners = rng.uniform(0.6, 1.25, (2, 2)).astype(np.float32) * 128
        light = cv2.resize(corners.astype(np.uint8), (width, height),
                           interpolation=cv2.INTER_LINEAR_EXACT)  # fmt: skip
        cv2.multiply(image, cv2.merge([light] * 3), dst=image, scale=1 / 128)
    contrast, brightness = rng.uniform(0.7, 1.2), rng.uniform(-22, 22)
    gamma, cast = rng.uniform(0.8, 1.25), rng.uniform(0.9, 1.1, 3)
    ramp = (np.arange(256) / 255.0) ** gamma * 255
    table = (ramp[:, None] - 128) * contrast * cast + 128 + brightness
    image = cv2.LUT(image, table.round().clip(0, 255).astype(np.uint8)[None])
    if draw[1] < 0.65:
        sigma = 0.35 + 0.9 * draw[2] ** 2 + (0.8 if draw[1] < 0.06 else 0)
        image = cv2.GaussianBlur(image, (0, 0), sigma * max(height, width) / 320 + 0.15)
    if draw[3] < 0.6:
        strength = 0.02 + 0.12 * draw[4]
        grain = np.frombuffer(rng.bytes(image.size), dtype=np.uint8).reshape(image.shape)
        image = cv2.addWeighted(image, 1.0, grain, strength, -127.5 * strength)
    if draw[5] < 0.25:
        quality = int(rng.integers(30, 90))
        _, data = cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    return image
