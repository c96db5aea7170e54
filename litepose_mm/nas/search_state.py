"""Save the generations of a search, so that an interrupted search can continue."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import LitePoseError, reason
from ..media import write_json
from .evolution import Candidate, Evolution

_PATTERN = 'generation_*.json'


def save_generation(
    evolution: Evolution, folder: str | Path, scored_by: Mapping[str, Any] | None = None
) -> Path:
    """Save the state after a generation.

    Args:
        evolution: The search.
        folder: Folder for the files of all generations.
        scored_by: Plain data by name on which scores and costs also depend.

    Returns:
        The path of the file.

    Raises:
        LitePoseError: The file cannot be written.
    """
    state = dict(state_of(evolution), search=_search(evolution, scored_by))
    path = Path(folder) / f'generation_{evolution.generation:04}.json'
    write_json(path, dict(state=state, sha256=_digest(state)))
    return path


def resume(
    evolution: Evolution, folder: str | Path, scored_by: Mapping[str, Any] | None = None
) -> Path | None:
    """Restore a search from its newest intact file.

    A file that is broken or was changed is skipped with a warning.

    Args:
        evolution: A new search.
        folder: The folder of :func:`save_generation`.
        scored_by: The same data as for :func:`save_generation`.

    Returns:
        The path of the file, or None if there is none.

    Raises:
        LitePoseError: The file belongs to another search.
    """
    for path in sorted(Path(folder).glob(_PATTERN), reverse=True):
        try:
            state = _read(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            warnings.warn(
                f'{path} is broken and not used ({reason(error)}); the search continues from the '
                'previous generation, or starts again',
                stacklevel=2,
            )
            continue
        others = list(_differences(_search(evolution, scored_by), state['search']))
        if others:
            raise LitePoseError(
                f'{path}: expected a generation of this search, got one of another '
                f'({", ".join(others)}); use another folder, or the options of that search'
            )
        restore(evolution, state)
        return path
    return None


def state_of(evolution: Evolution) -> dict[str, Any]:
    """Return plain data with which :func:`restore` continues the search in another process."""
    return dict(
        generation=evolution.generation,
        rng=evolution.rng.bit_generator.state,
        parents=[each.genotype for each in evolution.parents],
        uniform=[[arch.to_dict(), score] for arch, score in evolution.uniform],
        evaluated=[
            [each.genotype, each.costs, each.score] for each in evolution.evaluated.values()
        ],
    )


def restore(evolution: Evolution, state: Mapping[str, Any]) -> None:
    """Restore the state of a search.

    Args:
        evolution: A search with the same space, constraints and settings.
        state: The result of :func:`state_of`.
    """
    evolution.evaluated = {
        tuple(genotype): Candidate(tuple(genotype), costs, score)
        for genotype, costs, score in state['evaluated']
    }
    evolution.parents = [evolution.evaluated[tuple(each)] for each in state['parents']]
    evolution.uniform = [
        (evolution.space.architecture(arch), score) for arch, score in state['uniform']
    ]
    evolution.rng.bit_generator.state = state['rng']
    evolution.generation = state['generation']


def _search(evolution: Evolution, scored_by: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings that must agree; the number of generations may change."""
    settings = asdict(evolution.settings)
    del settings['generations']
    return json.loads(
        json.dumps(
            dict(
                space=evolution.space.to_dict(),
                constraints={each.name: each.limit for each in evolution.constraints},
                settings=settings,
                **(scored_by or {}),
            )
        )
    )


def _differences(own: Mapping[str, Any], theirs: Mapping[str, Any]) -> Iterator[str]:
    """Describe the differences, with values except for the search space."""
    for name, value in own.items():
        other = theirs.get(name)
        if isinstance(value, Mapping) and isinstance(other, Mapping) and name != 'space':
            for part in sorted(value.keys() | other.keys()):
                if value.get(part) != other.get(part):
                    yield f'{part} {other.get(part)}, not {value.get(part)}'
        elif value != other:
            yield f'{name} differs'


def _read(path: Path) -> Mapping[str, Any]:
    content = json.loads(path.read_text(encoding='utf-8'))
    state = content['state']
    if content['sha256'] != _digest(state):
        raise ValueError('its checksum is wrong')
    return state


def _digest(state: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(state, sort_keys=True).encode()).hexdigest()
