"""Weights that come with the package: files of safetensors, each with a card of plain facts.

They were trained by this project (docs/training.md). README, tests and ``litepose models`` take
their figures from the cards. A model of the zoo names its weights; it may have several.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import LitePoseError
from . import models

FOLDER = Path(__file__).resolve().parent / 'weights'


@dataclass(frozen=True)
class WeightsCard:
    """What is known of a file of weights; ``<name>.json`` beside ``<name>.safetensors``.

    Attributes:
        name: Of the weights.
        model: Name in the zoo of the model that they are for.
        sha256: Of the file of weights.
        date: Of the training, ``YYYY-MM-DD``.
        input_size: Width and height of the training input in pixels.
        keypoints: Names, in the order of the network's heatmaps.
        training: Where it started, teacher, data, config, samples seen, seed.
        accuracy: One entry for each measurement: data, input size, flip test, ``ap`` in percent,
            and the teacher's on the same.
        weaknesses: What is known to go wrong.
        licence: Of the file.
    """

    name: str
    model: str
    sha256: str
    date: str
    input_size: tuple[int, int]
    keypoints: tuple[str, ...]
    training: Mapping[str, Any]
    accuracy: Sequence[Mapping[str, Any]]
    weaknesses: Sequence[str]
    licence: str

    @property
    def path(self) -> Path:
        """The file of weights."""
        return FOLDER / f'{self.name}.safetensors'

    def checked_path(self) -> Path:
        """The file of weights, whose hash is the card's.

        Raises:
            LitePoseError: The file is missing or another one.
        """
        if not self.path.is_file():
            raise LitePoseError(f'{self.path}: missing; install litepose_mm again')
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise LitePoseError(
                f'{self.path}: expected the sha256 {self.sha256[:12]}… of its card, got '
                f'{digest[:12]}…; install litepose_mm again'
            )
        return self.path


@lru_cache(maxsize=1)
def shipped_weights() -> dict[str, WeightsCard]:
    """The cards of all weights here, by their names."""
    cards = {}
    for path in sorted(FOLDER.glob('*.json')):
        facts = json.loads(path.read_text(encoding='utf-8'))
        facts.update(
            name=path.stem,
            input_size=tuple(facts['input_size']),
            keypoints=tuple(facts['keypoints']),
        )
        cards[path.stem] = WeightsCard(
            **{each.name: facts[each.name] for each in fields(WeightsCard)}
        )
    return cards


def weights_of(model: str) -> list[WeightsCard]:
    """The cards of the weights for a model of the zoo, the default first; none for other names."""
    entry, cards = models().get(model), shipped_weights()
    return [cards[name] for name in entry.weights if name in cards] if entry else []


def find_weights(weights: str | Path) -> Path:
    """The file of weights of this name in the package, or else the path itself.

    Raises:
        LitePoseError: See :meth:`WeightsCard.checked_path`.
    """
    card = shipped_weights().get(str(weights))
    return Path(weights) if card is None else card.checked_path()


def full_name(name: str) -> str:
    """``litepose-xs_crowdpose`` for ``litepose-xs``, where the package has weights for it."""
    found = (model for model, entry in models().items() if entry.variant == name)
    return next((model for model in found if weights_of(model)), name)


def default_model(real_time: bool = False) -> str | None:
    """The model with weights here that has the largest input; in real time, the smallest."""
    choose = min if real_time else max
    cards = shipped_weights().values()
    return choose(cards, key=lambda card: card.input_size).model if cards else None
