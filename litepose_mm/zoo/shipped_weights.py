"""Weights in the package: safetensors files, each with a card.

This project trained them (docs/training.md). README, tests and ``litepose models`` read their
figures from the cards. A model of the zoo may have several weights, which its row names.
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
    """Facts about weights, from ``<name>.json`` beside ``<name>.safetensors``.

    Attributes:
        name: Name of the weights.
        model: Name of their model in the zoo.
        sha256: SHA-256 of the safetensors file.
        date: Date of the training, ``YYYY-MM-DD``.
        input_size: Width and height of the training input in pixels.
        keypoints: Names of the keypoints, in the order of the heatmaps.
        training: Initial weights, teacher, data, config, number of samples, seed.
        accuracy: An entry for each measurement: data, input size, flip test, ``ap`` in percent,
            and the teacher's figures under the same conditions.
        weaknesses: Known weaknesses.
        licence: Licence of the file.
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
        """Path of the safetensors file."""
        return FOLDER / f'{self.name}.safetensors'

    def checked_path(self) -> Path:
        """Return the path of the safetensors file after comparing its hash with the card.

        Raises:
            LitePoseError: The file is missing or its hash differs.
        """
        if not self.path.is_file():
            raise LitePoseError(f'{self.path}: no such file; reinstall litepose_mm')
        digest = hashlib.sha256(self.path.read_bytes()).hexdigest()
        if digest != self.sha256:
            raise LitePoseError(
                f'{self.path}: expected the sha256 {self.sha256[:12]}… of its card, got '
                f'{digest[:12]}…; reinstall litepose_mm'
            )
        return self.path


@lru_cache(maxsize=1)
def shipped_weights() -> dict[str, WeightsCard]:
    """Return the cards of all weights in the package by name."""
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
    """Return the cards of a model's weights, the default first; none for unknown names."""
    entry, cards = models().get(model), shipped_weights()
    return [cards[name] for name in entry.weights if name in cards] if entry else []


def find_weights(weights: str | Path) -> Path:
    """Return the file of weights in the package by their name, or else the given path.

    Raises:
        LitePoseError: See :meth:`WeightsCard.checked_path`.
    """
    card = shipped_weights().get(str(weights))
    return Path(weights) if card is None else card.checked_path()


def full_name(name: str) -> str:
    """Complete a variant such as ``litepose-xs`` to its model with weights, if there is one."""
    found = (model for model, entry in models().items() if entry.variant == name)
    return next((model for model in found if weights_of(model)), name)


def default_model(real_time: bool = False) -> str | None:
    """Return the model in the package with the largest input, or the smallest for real time."""
    choose = min if real_time else max
    cards = shipped_weights().values()
    return choose(cards, key=lambda card: card.input_size).model if cards else None
