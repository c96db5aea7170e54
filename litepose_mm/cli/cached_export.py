"""Export models of the zoo and configs when they are first needed, and keep them in a cache.

Real-time commands should use the fastest available engine without requiring an export first.
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
from ..utils.paths import CACHE_VARIABLE, cache_folder, mim_root
from ..zoo import MODELS, find_config
from ..zoo.shipped_weights import find_weights, full_name, weights_of

_KEPT = 4  # exports kept per model and engine; each is about as large as the weights


def cached_export(
    model: str,
    weights: str | Path | None = None,
    *,
    engine: str,
    precision: str = 'fp32',
    flip_test: bool | None = False,
    short_side: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
) -> Path:
    """Returns the folder of an exported model, which is exported if it does not exist yet.

    Each combination of weights, options, and this package's code and configs has its own folder.
    The four most recently used ones per model and engine are kept.

    Args:
        model: Name in the zoo, or name or path of a config.
        weights: File with weights, or name of bundled weights; None selects the model's first
            bundled weights.
        engine: An engine for inputs of any shape.
        precision: The engine's precision.
        flip_test: Whether to run the mirrored image too; None leaves it to the config.
        short_side: Short side of the input in pixels; None leaves it to the config.
        cfg_options: Values that override the config.

    Raises:
        LitePoseError: There are no weights, or the export fails.
    """
    from ..inference.card import CARD_NAME  # here, because it imports numpy

    model = full_name(model)
    if weights is None:
        cards = weights_of(model)
        if not cards:
            raise LitePoseError(
                f'{model}: expected weights, because the package includes none for this model; '
                'add --weights FILE'
            )
        weights = cards[0].name
    weights = find_weights(weights)
    options: dict[str, Any] = dict(
        precision=precision,
        flip_test=flip_test,
        short_side=short_side,
        cfg_options=cfg_options or None,
    )
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
                f'{error}; set {CACHE_VARIABLE} to a folder for exported models, or use '
                '--engine torch'
            ) from error
        print(f'litepose: exporting {model} for {engine}, once, to {folder}', file=sys.stderr)
        export_model(model, weights, folder, engine=engine, **options)
        _remove_old(folder)
    with suppress(OSError):  # the cache may belong to another user
        os.utime(folder)
    return folder


def _remove_old(newest: Path) -> None:
    """Removes all but the last used exports of this model and engine, and incomplete ones."""
    name = newest.name.rpartition('-')[0]
    with suppress(OSError):  # another process may remove them at the same time
        exports = [
            path
            for path in newest.parent.iterdir()
            if re.fullmatch(re.escape(name) + '-[0-9a-f]{16}', path.name)
        ]
        for export in exports:
            remove_leftovers(export)
            with suppress(OSError):  # only removes empty folders
                export.rmdir()
        exports = [path for path in exports if path.is_dir()]
        for old in sorted(exports, key=lambda path: path.stat().st_mtime)[:-_KEPT]:
            shutil.rmtree(old, ignore_errors=True)


def _content(model: str) -> str:
    """Returns the name of a model in the zoo, or the contents of another config."""
    if model in MODELS:
        return model
    from ..utils.config_files import read_config

    return read_config(find_config(model)).pretty_text


@cache
def _code() -> str:
    """Returns a hash of this package's code and configs, which change during development."""
    digest = hashlib.sha256()
    for folder in (Path(__file__).resolve().parents[1], mim_root() / 'configs'):
        for path in sorted(folder.rglob('*.py')):
            digest.update(path.read_bytes())
    return digest.hexdigest()
