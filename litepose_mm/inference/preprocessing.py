"""From images to the network's input, as MMPose's pipeline and preprocessor make it."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from ..preprocessing.resize import Resized, aligned_size, resize_align, resize_box, resize_to_shape
from .card import ModelCard


class Preprocessor:
    """Resizes images and normalises them.

    A model that takes any size sees what the torch path sees: the short side is the card's
    ``input_size``, both sides are multiples of ``size_divisor``. A model of one shape sees the same
    where that gives its shape; any other image as large as it fits, in the middle, black beyond
    its border, with its aspect ratio. Either way positions come back by the same matrix.

    Args:
        card: The model's.
    """

    def __init__(self, card: ModelCard) -> None:
        self.card = card
        levels = np.arange(256, dtype=np.float32)[:, None]
        # What each of 256 levels becomes, (256, 3), in the arithmetic of the torch path.
        table = (levels - np.float32(card.mean)) / np.float32(card.std)
        self._table = np.ascontiguousarray(table.T)
        self._channels = (2, 1, 0) if card.channel_order == 'rgb' else (0, 1, 2)

    def resize(self, image: np.ndarray, boxes: np.ndarray | None = None) -> list[Resized]:
        """The image at the input's size, or each of its people, and the way back.

        Args:
            image: BGR (H, W, 3) uint8.
            boxes: For a top-down model, people's left, top, right and bottom in pixels, (N, 4).
        """
        card = self.card
        if boxes is not None:
            size = card.input_shape[::-1]
            return [resize_box(image, box, size, card.box_padding) for box in boxes]
        rule = card.input_size, card.size_divisor
        if card.input_shape is None:
            return [resize_align(image, aligned_size(image.shape[1::-1], *rule))]
        return [resize_to_shape(image, card.input_shape[::-1], *rule)]

    def batch(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """Resized images of one size as normalised inputs, float32 (B, 3, H, W)."""
        shape = images[0].shape[:2] if len(images) else self.card.input_shape
        batch = np.empty((len(images), 3, *shape), dtype=np.float32)
        for image, own in zip(images, batch):
            for values, source, target in zip(self._table, self._channels, own):
                cv2.LUT(cv2.extractChannel(image, source), values, dst=target)
        return batch
