"""Normalise images as MMPose's preprocessor does, for graphs that do not do so themselves."""

from __future__ import annotations

import cv2
import numpy as np

from .card import ModelCard


class Normaliser:
    """Turns images of the input's size into normalised inputs.

    Args:
        card: The model's card.
    """

    def __init__(self, card: ModelCard) -> None:
        levels = np.arange(256, dtype=np.float32)[:, None]
        # The normalised value of each of 256 levels, (256, 3), with the arithmetic of torch.
        mean, std = (np.array(values, np.float32) for values in (card.mean, card.std))
        table = (levels - mean) / std
        self._table = np.ascontiguousarray(table.T)
        self._channels = (2, 1, 0) if card.channel_order == 'rgb' else (0, 1, 2)

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Returns float32 ``(B, 3, H, W)`` for BGR images, uint8 ``(B, H, W, 3)``."""
        count, height, width, _ = images.shape
        batch = np.empty((count, 3, height, width), dtype=np.float32)
        for image, own in zip(images, batch):
            for values, source, target in zip(self._table, self._channels, own):
                cv2.LUT(cv2.extractChannel(image, source), values, dst=target)
        return batch
