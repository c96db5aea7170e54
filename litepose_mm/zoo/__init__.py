"""Every model of the project: its config, its architecture, its published figures.

The table is ``models.json``; README, metafiles and tests are checked against it.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LitePoseError


@dataclass(frozen=True)
class ModelEntry:
    """One model.

    Attributes:
        name: What :class:`PoseEstimator` and the commands call it.
        config: Path below ``configs/``.
        architecture: Name in :data:`litepose_mm.families.litepose.ARCHITECTURES`.
        dataset: Data set it is for.
        num_keypoints: ``K``.
        input_size: Width and height of the training input.
        params: Parameters.
        macs: Exact multiply-accumulates of one image of that size.
        paper_macs: The same as the paper counts, see :mod:`litepose_mm.analysis.complexity`.
        published: The authors' figures: ``ap`` in percent, perhaps ``ap50`` and ``ap75``,
            ``split`` and ``source``. They are of the authors' weights, found by their search
            and tested with flip; this project has not trained them.
    """

    name: str
    config: str
    architecture: str
    dataset: str
    num_keypoints: int
    input_size: tuple[int, int]
    params: int
    macs: int
    paper_macs: int
    published: Mapping[str, Any]

    @property
    def ap(self) -> float | None:
        """The published AP in percent."""
        return self.published.get('ap')


def _load() -> dict[str, ModelEntry]:
    rows = json.loads(Path(__file__).with_name('models.json').read_text(encoding='utf-8'))
    entries = [ModelEntry(**dict(row, input_size=tuple(row['input_size']))) for row in rows]
    return {entry.name: entry for entry in entries}


MODELS: dict[str, ModelEntry] = _load()


def get_model(name: str) -> ModelEntry:
    """The model of this name.

    Raises:
        LitePoseError: There is none; the message gives the nearest names.
    """
    if name in MODELS:
        return MODELS[name]
    near = [each for each in MODELS if each.startswith(f'{name}_')]
    near = near or difflib.get_close_matches(name, MODELS, n=3, cutoff=0.4)
    hint = f'did you mean {" or ".join(near)}?' if near else f'there are {", ".join(MODELS)}'
    raise LitePoseError(
        f'unknown model {name!r}; {hint} (`litepose models` lists them; a '
        "config file's path works too)"
    )
