"""Find configs, tools and the demo of the package, and the folder of the user's cache."""

import os
from difflib import get_close_matches
from pathlib import Path

from ..errors import LitePoseError

#: The environment variable that sets the folder of exported models and tuned kernels.
CACHE_VARIABLE = 'LITEPOSE_CACHE'
_PACKAGE = Path(__file__).resolve().parents[1]


def mim_root() -> Path:
    """Returns the folder that contains ``configs/``, ``tools/``, ``demo/`` and ``model-index.yml``.

    This is ``litepose_mm/.mim`` in an installed package and the repository root otherwise.

    Raises:
        LitePoseError: Neither exists.
    """
    inside, beside = _PACKAGE / '.mim', _PACKAGE.parent
    if (inside / 'configs').is_dir():
        return inside
    # pyproject.toml marks a source tree; site-packages may contain another project's `configs`.
    if (beside / 'configs').is_dir() and (beside / 'pyproject.toml').is_file():
        return beside
    raise LitePoseError(
        f'the configs of litepose_mm are neither in {inside} nor in {beside}; install the package '
        'again with `pip install .` or `pip install -e .` from its source'
    )


def config_path(name: str) -> Path:
    """Finds a config file by name.

    Args:
        name: A file name (``ae_litepose-s_….py``; ``.py`` is optional), a path under ``configs/``,
            with or without that folder, or an absolute path.

    Raises:
        LitePoseError: There is no such config, or more than one; the message suggests similar
            names.
    """
    wanted = Path(name if name.endswith('.py') else f'{name}.py')
    if wanted.is_absolute() and wanted.is_file():
        return wanted
    root = mim_root() / 'configs'
    if wanted.parts[0] == 'configs':
        wanted = wanted.relative_to('configs')
    found = [
        path
        for path in sorted(root.rglob('*.py'))
        if path.relative_to(root) == wanted or path.name == str(wanted)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        several = ', '.join(str(path.relative_to(root)) for path in found)
        raise LitePoseError(f'{name!r} matches several configs, include the folder: {several}')
    stems = {path.stem for path in root.rglob('*.py') if '_base_' not in path.parts}
    close = get_close_matches(wanted.stem, stems, n=3, cutoff=0.4)
    hint = f'; did you mean {", ".join(close)}?' if close else ''
    raise LitePoseError(f'there is no config {name!r} under {root}{hint}')


def cache_folder() -> Path:
    """Returns LITEPOSE_CACHE, or the folder ``litepose_mm`` in the user's cache."""
    if own := os.environ.get(CACHE_VARIABLE):
        return Path(own)
    return Path(os.environ.get('XDG_CACHE_HOME') or Path.home() / '.cache') / 'litepose_mm'
