"""Images of the user's as inputs of the network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from ...errors import LitePoseError
from ...inference.card import ModelCard
from ...inference.preprocessing import Preprocessor
from ...media import find_media, read_image

# Fewer say too little of the range of every layer; more than 300 hardly change it, and NNCF takes
# no more by itself either.
FEWEST, MOST = 10, 300


def calibration_images(folder: str | Path | None) -> list[Path]:
    """The images of a folder; of more than 300, 300 at equal distances.

    Raises:
        LitePoseError: There are fewer than 10.
    """
    if folder is None:
        raise LitePoseError(
            'int8 needs a folder with images of what the model will see (--calibration DIR)'
        )
    files = [media.path for media in find_media([folder]) if not media.is_video]
    if len(files) < FEWEST:
        raise LitePoseError(
            f'calibration: expected at least {FEWEST} images in {folder}, got {len(files)}; add '
            'images of what the model will see, 100 or more if you can'
        )
    return spread(files, MOST)


def spread(items: Sequence, count: int) -> list:
    """At most ``count`` of the items, at equal distances."""
    places = np.linspace(0, len(items) - 1, min(len(items), count)).round().astype(int)
    return [items[place] for place in places]


class Calibration(Sequence[np.ndarray]):
    """The inputs that images become, made when they are asked for: memory holds one.

    Args:
        files: The images.
        card: Of the model.
    """

    def __init__(self, files: Sequence[Path], card: ModelCard) -> None:
        self.files = files
        self._preprocessor = Preprocessor(card)

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, index: int) -> np.ndarray:
        resized = self._preprocessor.resize(read_image(self.files[index]))[0]
        return self._preprocessor.batch([resized.image])

    def __iter__(self) -> Iterator[np.ndarray]:
        return (self[index] for index in range(len(self)))
