"""Turn images into the network's input, as MMPose's pipeline and preprocessor do."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..preprocessing.resize import Resized
from .card import ModelCard


class Preprocessor:
    """Resizes and normalises images.

    Args:
        card: The model's card.
    """

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        levels = np.arange(256, dtype=np.float32)[:, None]
        # The normalised value of each of 256 levels, (256, 3), with the arithmetic of torch.
        mean, std = (np.array(values, np.float32) for values in (card.mean, card.std))
        table = (levels - mean) / std
        self._table = np.ascontiguousarray(table.T)
        self._channels = (2, 1, 0) if card.channel_order == 'rgb' else (0, 1, 2)

    def resize(self, image: np.ndarray, boxes: np.ndarray | None = None) -> list[Resized]:
        """Resizes the image, or crops of its people, to the input's size.

        Args:
            image: BGR (H, W, 3) uint8.
            boxes: For a top-down model, people's left, top, right and bottom in pixels, (N, 4).

        Returns:
            One entry for the image, or one for each person, with the inverse mapping.
        """
        return self.card.resize.resize(image, self.card.input_shape, boxes)

    def batch(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Normalises images of one size into a batch, float32 (B, 3, H, W)."""
        shape = images[0].shape[:2] if len(images) else self.card.input_shape or (0, 0)
        batch = np.empty((len(images), 3, *shape), dtype=np.float32)
        for image, own in zip(images, batch):
            for values, source, target in zip(self._table, self._channels, own):
                cv2.LUT(cv2.extractChannel(image, source), values, dst=target)
        return batch
