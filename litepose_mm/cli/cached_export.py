"""Models of the zoo and configs, exported when they are first needed and kept.

A command that looks at frames as they come should run the quickest engine there is, and nobody
should have to export a model for that first.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import LitePoseError
from ..utils.files import remove_leftovers, sha256
from ..utils.paths import mim_root
from ..zoo import MODELS
from ..zoo.shipped_weights import find_weights, full_name, weights_of

#: The variable that names another folder for exported models.
CACHE_VARIABLE = 'LITEPOSE_CACHE'
_KEPT = 4  # exports of a model and engine; each has about the size of the weights


def cache_folder() -> Path:
    """Where exported models are kept: LITEPOSE_CACHE, or ``litepose_mm`` in the user's cache."""
    if own := os.environ.get(CACHE_VARIABLE):
        return Path(own)
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'litepose_mm'


def cached_export(
    model: str,
    weights: str | Path | None = None,
    *,
    engine: str,
    flip_test: bool = False,
    input_size: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
) -> Path:
    """The folder of an exported model, which is written if it is not there yet.

    It is another one for other weights, options, code or configs of this package. Of each model and
    engine the four that were used last are kept.

    Args:
        model: Name in the zoo, or name or path of a config.
        weights: File with weights, or the name of weights that come with the package; None takes
            the package's first for this model.
        engine: One for inputs of any size.
        flip_test: Whether the mirrored image is looked at too.
        input_size: Short side of the input in pixels; None: as the config says.
        cfg_options: Values to put into the config.

    Raises:
        LitePoseError: There are no weights, or as ``export_model``.
    """
    from ..inference.card import CARD_NAME  # here, since it takes numpy

    model = full_name(model)
    if weights is None:
        cards = weights_of(model)
        if not cards:
            raise LitePoseError(f'{model}: expected weights, since the package has none for it')
        weights = cards[0].name
    weights = find_weights(weights)
    options = dict(flip_test=flip_test, input_size=input_size, cfg_options=cfg_options or None)
    facts = [engine, options, _content(model), sha256(weights, 'weights'), _code()]
    digest = hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()[:16]
    folder = cache_folder() / f'{Path(model).stem}-{engine}-{digest}'
    if not (folder / CARD_NAME).is_file():
        from ..deploy import export_model
        from ..deploy.exported_folder import check_replaceable

        try:
            check_replaceable(folder)
        except LitePoseError as error:
            raise LitePoseError(
                f'{error}; set {CACHE_VARIABLE} to a folder for exported models, or take '
                '--engine torch'
            ) from error
        print(f'litepose: exporting {model} for {engine}, once: {folder}', file=sys.stderr)
        export_model(model, weights, folder, engine=engine, **options)
        _remove_old(folder)
    with suppress(OSError):  # a cache that others made can be used, too
        os.utime(folder)
    return folder


def _remove_old(newest: Path) -> None:
    """Removes all but the last used exports of this model and engine, and what was never one."""
    name = newest.name.rpartition('-')[0]
    with suppress(OSError):  # somebody else removes them, too
        exports = [
            path
            for path in newest.parent.iterdir()
            if re.fullmatch(re.escape(name) + '-[0-9a-f]{16}', path.name)
        ]
        for export in exports:
            remove_leftovers(export)
            with suppress(OSError):  # only empty folders go
                export.rmdir()
        exports = [path for path in exports if path.is_dir()]
        for old in sorted(exports, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)


def _content(model: str) -> str:
    """The name in the zoo, whose config is the package's, or all that a config says."""
    if model in MODELS:
        return model
    from ..apis.model_building import find_config
    from ..utils.config_files import read_config

    return read_config(find_config(model)).pretty_text


@cache
def _code() -> str:
    """A hash of this package's code and configs, of which versions in development differ."""
    digest = hashlib.sha256()
    for folder in (Path(__file__).resolve().parents[1], mim_root() / 'configs'):
        for path in sorted(folder.rglob('*.py')):
            digest.update(path.read_bytes())
    return digest.hexdigest()
