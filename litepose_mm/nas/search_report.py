"""Report the results of a search, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mmengine.config import Config

from ..media import write_json
from ..utils.files import replacing
from .evolution import Candidate, Evolution
from .search_spaces import Architecture, SearchSpace
from .subnet_config import subnet_config


def write_report(evolution: Evolution, folder: str | Path, config: Config) -> None:
    """Write ``best.*``, ``front/*``, ``uniform/*``, ``search.md`` and ``search.png``.

    For each architecture, a JSON file and a config that trains it from scratch are written.

    Args:
        evolution: The search, after at least one generation.
        folder: Output folder, which is created.
        config: Config of the supernet.

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
            subnet_config(config, arch).dump(part)
    with replacing(folder / 'search.md') as part:
        part.write_text('\n'.join(_lines(evolution, front)) + '\n', encoding='utf-8')
    _plot(evolution, front, folder / 'search.png')


def format_cost(value: float) -> str:
    """Format a cost: numbers from 1000 in full, smaller ones with three digits."""
    return f'{value:,.0f}' if value >= 1000 else f'{value:.3g}'


def _lines(evolution: Evolution, front: list[Candidate]) -> Iterator[str]:
    names = [constraint.name for constraint in evolution.constraints]
    yield '# Search\n'
    limits = ', '.join(f'{each.name} at most {each.limit:,g}' for each in evolution.constraints)
    yield (
        f'{evolution.generation} generations, including the first, with '
        f'{len(evolution.evaluated)} of {evolution.space.size:,} networks evaluated; {limits}; '
        f'seed {evolution.settings.seed}.\n'
    )
    yield 'The Pareto front of score and costs, with the best network marked:\n'
    space = evolution.space
    columns = ['score', *names]

    def row(name: str, score: float, arch: Architecture) -> tuple[list[str], Architecture]:
        costs = map(format_cost, evolution.costs(arch).values())
        return [name, f'{score:.4f}', *costs], arch

    rows = []
    for number, each in enumerate(front):
        mark = ' **best**' if each.genotype == evolution.best.genotype else ''
        arch = space.decode(each.genotype)
        rows.append(row(f'front/{number:02}.json{mark}', each.score, arch))
    yield from networks_table(space, columns, rows)
    if not evolution.uniform:
        return
    yield '\nBaselines: uniform networks, as large as the limits allow:\n'
    rows = []
    for arch, score in evolution.uniform:
        mark = ' **better than the best**' if score > evolution.best.score else ''
        rows.append(row(f'uniform/{arch.img_size}.json{mark}', score, arch))
    yield from networks_table(space, columns, rows)


def networks_table(
    space: SearchSpace,
    columns: Sequence[str],
    rows: Iterable[tuple[Sequence[str], Architecture]],
) -> Iterator[str]:
    """Yield the lines of a table of networks in Markdown, with their parts in the last columns.

    Args:
        space: Their search space.
        columns: Titles of the figures.
        rows: The file and the figures of each network, and the network.
    """
    parts = list(space.describe(space.largest))
    yield f'| {" | ".join(["file", *columns, *parts])} |'
    yield f'|---|{"---:|" * len(columns)}{"---|" * len(parts)}'
    for cells, arch in rows:
        yield f'| {" | ".join([*cells, *map(str, space.describe(arch).values())])} |'


def _plot(evolution: Evolution, front: list[Candidate], path: Path) -> None:
    """Plot the scores of all networks over the cost of the first constraint."""
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
        label='Pareto front',
    )
    if evolution.uniform:
        axes.plot(
            [evolution.costs(arch)[constraint.name] for arch, _ in evolution.uniform],
            [score for _, score in evolution.uniform],
            'kx',
            label='uniform networks',
        )
    axes.axvline(constraint.limit, color='grey', linestyle='--', label='constraint')
    axes.set(xlabel=constraint.name, ylabel='score (AP)')
    axes.grid(alpha=0.3)
    axes.legend()
    with replacing(path) as part:
        figure.savefig(part, dpi=120)
