"""Every model of the project: its config, its family and variant, its published figures.

The table is ``models.json``; metafiles, pages and the README's tables are made from it
(``tools/misc/generate_model_pages.py``). Families from outside the package bring rows of their own.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import LitePoseError
from ..families import families


@dataclass(frozen=True)
class ModelEntry:
    """One model.

    Attributes:
        name: What :class:`PoseEstimator` and the commands call it.
        config: Path below ``configs/``, or an absolute one.
        family: Name of its family, see :mod:`litepose_mm.families`.
        variant: Which of the family's variants it is.
        dataset: Data set it is for.
        num_keypoints: ``K``.
        input_size: Width and height of the training input.
        params: Parameters.
        macs: Exact multiply-accumulates of one image of that size.
        paper_macs: The same as LitePose's paper counts, see :mod:`litepose_mm.analysis.complexity`;
            None for families whose papers count otherwise.
        published: The authors' figures: ``ap`` in percent, perhaps ``ap50`` and ``ap75``,
            ``split`` and ``source``. They are of the authors' weights, tested with flip.
        weights: Names of the weights for it that come with the package, the default first; see
            :mod:`litepose_mm.zoo.shipped_weights`.
    """

    name: str
    config: str
    family: str
    variant: str
    dataset: str
    num_keypoints: int
    input_size: tuple[int, int]
    params: int
    macs: int
    paper_macs: int | None = None
    published: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ('input_size', 'weights'):  # lists in JSON
            object.__setattr__(self, name, tuple(getattr(self, name)))

    @property
    def ap(self) -> float | None:
        """The published AP in percent."""
        return self.published.get('ap')


def _load() -> dict[str, ModelEntry]:
    rows = json.loads(Path(__file__).with_name('models.json').read_text(encoding='utf-8'))
    return {row['name']: ModelEntry(**row) for row in rows}


#: The models of this package.
MODELS: dict[str, ModelEntry] = _load()


def models() -> dict[str, ModelEntry]:
    """Every model by its name: those of this package, then those that other families bring."""
    brought = {
        row['name']: ModelEntry(family=family.name, **row)
        for family in families().values()
        for row in family.models
    }
    return {**MODELS, **brought}


def get_model(name: str) -> ModelEntry:
    """The model of this name.

    Raises:
        LitePoseError: There is none; the message gives the nearest names.
    """
    known = models()
    if name in known:
        return known[name]
    near = [each for each in known if each.startswith(f'{name}_')]
    near = near or difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f'did you mean {" or ".join(near)}?' if near else f'there are {", ".join(known)}'
    raise LitePoseError(
        f'unknown model {name!r}; {hint} (`litepose models` lists them; a '
        "config file's path works too)"
    )
