"""Prepare a user's images as inputs for calibration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import LitePoseError
from ...inference.card import ModelCard
from ...inference.preprocessing import Normaliser
from ...media import find_media, read_image

# Fewer images do not show the range of every layer; more than 300 hardly change it, and NNCF uses
# at most 300 by default.
FEWEST, MOST = 10, 300


def calibration_images(folder: str | Path | None) -> list[Path]:
    """List the images of a folder, or 300 evenly spaced ones if there are more.

    Raises:
        LitePoseError: There are fewer than 10 images.
    """
    if folder is None:
        raise LitePoseError(
            'calibration: expected a folder with images like those that the model will see, for '
            'int8, got none; give --calibration DIR'
        )
    files = [media.path for media in find_media([folder]) if not media.is_video]
    if len(files) < FEWEST:
        raise LitePoseError(
            f'calibration: expected at least {FEWEST} images in {folder}, got {len(files)}; add '
            'images like those that the model will see, better 100 or more'
        )
    return spread(files, MOST)


def spread(items: Sequence, count: int) -> list:
    """Return at most ``count`` evenly spaced items."""
    places = np.linspace(0, len(items) - 1, min(len(items), count)).round().astype(int)
    return [items[place] for place in places]


class Calibration(Sequence[np.ndarray]):
    """Inputs of the network, which are made on demand, one at a time.

    Args:
        files: Image files.
        card: Card of the model.
    """

    def __init__(self, files: Sequence[Path], card: ModelCard) -> None:
        self.files = files
        self._card, self._normalise = card, Normaliser(card)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> np.ndarray:
        return self._normalise(self.image(index))

    def image(self, index: int) -> np.ndarray:
        """Return an image as a batch of the input's size, uint8 ``(1, H, W, 3)``."""
        card = self._card
        return card.resize.resize(read_image(self.files[index]), card.input_shape)[0].image[None]

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))
