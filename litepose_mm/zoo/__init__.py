"""The models of the project, with their configs, families, variants and published figures.

The table is ``models.json``, from which ``tools/misc/generate_model_pages.py`` makes metafiles,
pages and the README's tables. Families outside the package have rows of their own.
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
from ..utils.paths import config_path

_CONFIG_SUFFIXES = {'.py', '.json', '.yml', '.yaml'}


@dataclass(frozen=True)
class ModelEntry:
    """One model.

    Attributes:
        name: Name for :class:`PoseEstimator` and the commands.
        config: Path below ``configs/``, or an absolute path.
        family: Name of its family, see :mod:`litepose_mm.families`.
        variant: Name of the variant in the family.
        dataset: Data set of the model.
        num_keypoints: Number of keypoints, ``K``.
        input_size: Width and height of the training input in pixels.
        params: Number of parameters.
        macs: Exact multiply-accumulates for one image of this size.
        paper_macs: Multiply-accumulates as LitePose's paper counts them, see
            :mod:`litepose_mm.analysis.complexity`; None if they are not counted.
        hhrnet_style_macs: As HigherHRNet's and EfficientHRNet's papers count them, or None.
        published: Published figures: ``ap`` in percent on ``split`` as the authors test, ``ap50``
            and ``ap75``; ``params`` in millions, ``macs`` in billions, counted as ``counting`` says
            (``'macs'``, ``'paper_macs'`` or ``'hhrnet_style_macs'``); their ``source``; and a
            ``note`` if this network's own figures differ. All are optional.
        weights: Names of weights in the package, the default first; see
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
    hhrnet_style_macs: int | None = None
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
    """Return all models by name: those of this package, then those of other families."""
    others = {}
    for family in families().values():
        for row in family.models:
            try:
                entry = ModelEntry(family=family.name, **row)
            except TypeError as error:
                raise LitePoseError(f'models of the family {family.name}: {error}') from error
            others[entry.name] = entry
    return {**MODELS, **others}


def get_model(name: str) -> ModelEntry:
    """Return a model by its name.

    Raises:
        LitePoseError: There is no such model; the message suggests similar names.
    """
    known = models()
    if name in known:
        return known[name]
    near = [each for each in known if each.startswith(f'{name}_')]
    near = near or difflib.get_close_matches(name, known, n=3, cutoff=0.4)
    hint = f'did you mean {" or ".join(near)}?' if near else f'expected one of {", ".join(known)}'
    raise LitePoseError(
        f'unknown model {name!r}; {hint} (`litepose models` lists all models; the path of a config '
        'file is also accepted)'
    )


def find_config(name: str) -> Path:
    """Find a config by the name of its model, or by its own name or path.

    Raises:
        LitePoseError: There is no such config.
    """
    path = Path(name)
    if path.is_file():
        return path
    entry = models().get(name)
    if entry is not None:
        return config_path(entry.config)
    try:
        return config_path(name)
    except LitePoseError:
        if path.suffix not in _CONFIG_SUFFIXES:
            get_model(name)  # its error lists the known names
        raise
