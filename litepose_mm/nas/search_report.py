"""What a search found, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from mmengine.config import Config

from ..media import write_json
from ..utils.files import replacing
from .evolution import Candidate, Evolution
from .plain_config import plain_config
from .search_spaces import Architecture


def write_report(evolution: Evolution, folder: str | Path, config: Config) -> None:
    """Writes ``best.*``, ``front/*``, ``uniform/*``, ``search.md`` and ``search.png``.

    Each architecture is a JSON file and a config that trains it from scratch.

    Args:
        evolution: The search, after a generation at least.
        folder: Where to; it is made.
        config: The supernet's.

    Raises:
        LitePoseError: A file cannot be written.
    """
    folder = Path(folder)
    space, front = evolution.space, evolution.front()
    for path in (folder / 'front').glob('*'):  # the last front may have been longer
        if path.is_file():
            path.unlink()
    files = {folder / 'best': space.decode(evolution.best.genotype)}
    for number, each in enumerate(front):
        files[folder / 'front' / f'{number:02}'] = space.decode(each.genotype)
    files.update((folder / 'uniform' / str(arch.img_size), arch) for arch, _ in evolution.uniform)
    for path, arch in files.items():
        write_json(path.with_suffix('.json'), arch.to_dict())
        with replacing(path.with_suffix('.py')) as part:
            plain_config(config, arch).dump(part)
    with replacing(folder / 'search.md') as part:
        part.write_text('\n'.join(_lines(evolution, front)) + '\n', encoding='utf-8')
    _plot(evolution, front, folder / 'search.png')


def format_cost(value: float) -> str:
    """A cost as text: operations and parameters in full, milliseconds to three digits."""
    return f'{value:,.0f}' if value >= 1000 else f'{value:.3g}'


def _lines(evolution: Evolution, front: list[Candidate]) -> Iterator[str]:
    names = [constraint.name for constraint in evolution.constraints]
    yield '# Search\n'
    limits = ', '.join(f'{each.name} at most {each.limit:,g}' for each in evolution.constraints)
    yield (
        f'{evolution.generation} generations with the first, {len(evolution.evaluated)} networks '
        f'of {evolution.space.size:,} evaluated; {limits}; seed {evolution.settings.seed}.\n'
    )
    yield 'Networks that no other beats; the best one is marked:\n'
    parts = list(evolution.space.describe(evolution.space.largest))
    header = (
        f'| {" | ".join(["file", "score", *names, *parts])} |',
        f'|---|---:|{"---:|" * len(names)}{"---|" * len(parts)}',
    )
    yield from header
    for number, each in enumerate(front):
        mark = ' **best**' if each.genotype == evolution.best.genotype else ''
        arch = evolution.space.decode(each.genotype)
        yield _row(evolution, f'front/{number:02}.json{mark}', each.score, arch)
    if not evolution.uniform:
        return
    yield '\nWhat a search has to beat: all widths at one ratio, as large as the limits allow:\n'
    yield from header
    for arch, score in evolution.uniform:
        mark = ' **better than the best**' if score > evolution.best.score else ''
        yield _row(evolution, f'uniform/{arch.img_size}.json{mark}', score, arch)


def _row(evolution: Evolution, name: str, score: float, arch: Architecture) -> str:
    costs = map(format_cost, evolution.costs(arch).values())
    cells = [name, f'{score:.4f}', *costs, *map(str, evolution.space.describe(arch).values())]
    return f'| {" | ".join(cells)} |'


def _plot(evolution: Evolution, front: list[Candidate], path: Path) -> None:
    """Score over the first constraint's cost, of all networks in the order they were tried."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    constraint = evolution.constraints[0]
    everyone = list(evolution.evaluated.values())
    figure = Figure(figsize=(7, 4.5), layout='constrained')
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    points = axes.scatter(
        [each.costs[constraint.name] for each in everyone],
        [each.score for each in everyone],
        c=range(len(everyone)),
        s=12,
        cmap='viridis',
    )
    figure.colorbar(points, label='order of evaluation')
    axes.plot(
        [each.costs[constraint.name] for each in front],
        [each.score for each in front],
        color='tab:red',
        marker='o',
        markersize=4,
        label='no other is better',
    )
    if evolution.uniform:
        axes.plot(
            [evolution.costs(arch)[constraint.name] for arch, _ in evolution.uniform],
            [score for _, score in evolution.uniform],
            'kx',
            label='all widths at one ratio',
        )
    axes.axvline(constraint.limit, color='grey', linestyle='--', label='constraint')
    axes.set(xlabel=constraint.name, ylabel='score (AP)')
    axes.grid(alpha=0.3)
    axes.legend()
    with replacing(path) as part:
        figure.savefig(part, dpi=120)
