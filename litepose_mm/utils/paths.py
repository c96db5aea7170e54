"""Where configs, tools and demo lie: inside an installed package or beside the source tree."""

from difflib import get_close_matches
from pathlib import Path

from ..errors import LitePoseError

_PACKAGE = Path(__file__).resolve().parents[1]


def mim_root() -> Path:
    """The folder that holds ``configs/``, ``tools/``, ``demo/`` and ``model-index.yml``.

    That is ``litepose_mm/.mim`` in an installed package and the repository root otherwise.

    Raises:
        LitePoseError: if neither is there.
    """
    inside, beside = _PACKAGE / '.mim', _PACKAGE.parent
    if (inside / 'configs').is_dir():
        return inside
    # site-packages may hold some other project's `configs`: pyproject.toml tells a source tree
    if (beside / 'configs').is_dir() and (beside / 'pyproject.toml').is_file():
        return beside
    raise LitePoseError(
        f'the configs of litepose_mm are neither in {inside} nor beside the package in {beside}; '
        'install it again with `pip install .` or `pip install -e .` from its source'
    )


def config_path(name: str) -> Path:
    """The config file called ``name``.

    Args:
        name: a file name (``ae_litepose-s_….py``, ``.py`` may be left out), a path under
            ``configs/``, with or without that first folder, or an absolute path.

    Raises:
        LitePoseError: if there is no such config, or more than one; the message names the closest.
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
        raise LitePoseError(f'{name!r} stands for several configs, give the folder too: {several}')
    stems = {path.stem for path in root.rglob('*.py') if '_base_' not in path.parts}
    close = get_close_matches(wanted.stem, stems, n=3, cutoff=0.4)
    hint = f'; did you mean {", ".join(close)}?' if close else ''
    raise LitePoseError(f'no config called {name!r} under {root}{hint}')
