"""Plot costs, latency and accuracy of models, as papers do."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LitePoseError
from ..utils.files import check_writable, replacing

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = 'osD^vP*X'
_AREA = 12.0  # square points per million parameters


def new_figure(path: str | Path, size: tuple[float, float]) -> Figure:
    """Creates a figure that can be written to ``path``.

    Args:
        path: File to write later, in a format of its suffix.
        size: Width and height in inches.

    Raises:
        LitePoseError: The file cannot be written, or its format is unknown.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    check_writable(path)
    figure = Figure(figsize=size, layout='constrained')
    canvas = FigureCanvasAgg(figure)
    if Path(path).suffix[1:].lower() not in canvas.get_supported_filetypes():
        known = ', '.join(sorted(canvas.get_supported_filetypes()))
        raise LitePoseError(f'--plot: expected one of the formats {known}, got {path}')
    return figure


def save_figure(figure: Figure, path: str | Path) -> None:
    """Writes a figure atomically.

    Raises:
        LitePoseError: The file cannot be written.
    """
    with replacing(Path(path)) as part:
        figure.savefig(part, dpi=120)


def scatter_models(figure: Figure, models: Sequence[Mapping[str, Any]]) -> None:
    """Plot AP against MACs and latency, with a row of plots for each measurement of AP.

    Figures of AP that were measured on different data are not comparable, so they are never in the
    same plot. Models without AP are in a plot of latency against MACs. Colours are models, markers
    are engines, and the area of a marker is proportional to the number of parameters.

    Args:
        figure: Figure to draw on; its height is set.
        models: Models as ``tools/analysis_tools/compare.py`` writes them.
    """
    colours = {each['name']: f'C{index % 10}' for index, each in enumerate(models)}
    engines = list(dict.fromkeys(_engine(own) for each in models for own in each['engines']))
    markers = {name: _MARKERS[index % len(_MARKERS)] for index, name in enumerate(engines)}
    measurements = list(dict.fromkeys(each['ap_of'] for each in models))
    figure.set_size_inches(figure.get_figwidth(), 1 + 3.8 * len(measurements))
    grid = figure.subplots(len(measurements), 2, squeeze=False)

    def points(axes: Axes, of: str | None, horizontal: str, vertical: str) -> None:
        has_latency = 'latency' in (horizontal, vertical)
        for model in (each for each in models if each['ap_of'] == of):
            # Without latency, the figures are the same for all engines.
            for engine in model['engines'][: None if has_latency else 1]:
                values = dict(ap=model['ap'], latency=engine['milliseconds']['total']['p50'])
                if model['macs'] is not None:
                    values['macs'] = model['macs'] * model['inputs'] / 1e9
                if values.get(horizontal) is not None:
                    axes.scatter(
                        values[horizontal],
                        values[vertical],
                        s=_AREA * (model['params'] or 1e6) / 1e6,
                        color=colours[model['name']],
                        marker=markers[_engine(engine)] if has_latency else 'o',
                        alpha=0.6,
                    )
        axes.set(xlabel=_AXES[horizontal], ylabel=_AXES[vertical])
        axes.set_xlim(left=0)  # or else small differences would look large
        if vertical == 'latency':
            axes.set_ylim(0, 1.1 * axes.dataLim.ymax)
        axes.grid(alpha=0.3)

    for (left, right), measurement in zip(grid, measurements):
        if measurement is None:
            points(left, None, 'macs', 'latency')
            left.set_title('models without AP', fontsize='medium')
            right.set_axis_off()
            continue
        for axes, horizontal in ((left, 'macs'), (right, 'latency')):
            points(axes, measurement, horizontal, 'ap')
            axes.set_title(f'AP: {measurement}', fontsize='medium')
    _legend(figure, colours, markers)


def plot_steps(figure: Figure, models: Sequence[Mapping[str, Any]]) -> None:
    """Plot how costs, latency and, if there is any, AP change from step to step.

    Args:
        figure: Figure to draw on.
        models: The steps in order, as :func:`scatter_models` takes them.
    """
    plots: dict[str, dict[str, list[float | None]]] = {
        'MACs (G)': {
            name: [each[key] / 1e9 for each in models]
            for name, key in (('exact', 'macs'), ('paper-style', 'paper_macs'))
        },
        'parameters (M)': {'': [each['params'] / 1e6 for each in models]},
        'time of an image (ms, median)': {},
    }
    times = plots['time of an image (ms, median)']
    for index, model in enumerate(models):
        for own in model['engines']:
            line = times.setdefault(_engine(own), [None] * len(models))
            line[index] = own['milliseconds']['total']['p50']
    if any(each['ap'] is not None for each in models):
        plots['AP'] = {'': [each['ap'] for each in models]}
    steps = [str(1 + index) for index in range(len(models))]
    for axes, (title, lines) in zip(figure.subplots(1, len(plots)), plots.items()):
        for name, values in lines.items():
            known = [(step, value) for step, value in zip(steps, values) if value is not None]
            axes.plot(*zip(*known), marker='o', label=name)
        axes.set(xlabel='step', title=title)
        if title != 'AP':
            axes.set_ylim(0, 1.1 * axes.dataLim.ymax)  # so that no marker is cut
        axes.grid(alpha=0.3)
        if len(lines) > 1:
            axes.legend(fontsize='small')


def plot_probabilities(figure: Figure, record: Sequence[Mapping[str, Any]]) -> None:
    """Plot the probabilities of the operations of each block, and the cost, over the epochs.

    Args:
        figure: Figure to draw on.
        record: An entry for each epoch with ``epoch``, ``probabilities`` (for each block, by
            operation), ``cost``, its ``expected`` value and that of the ``derived`` network, as
            :class:`litepose_mm.engine.hooks.DifferentiableSearchHook` writes them.
    """
    epochs = [entry['epoch'] for entry in record]
    blocks = len(record[0]['probabilities'])
    names = list(dict.fromkeys(name for each in record[0]['probabilities'] for name in each))
    colours = {name: f'C{index % 10}' for index, name in enumerate(names)}
    columns = math.ceil(math.sqrt(blocks + 1))
    grid = figure.subplots(math.ceil((blocks + 1) / columns), columns, squeeze=False).ravel()
    for axes in grid[blocks + 1 :]:
        axes.set_axis_off()
    for block, axes in enumerate(grid[:blocks]):
        bottom = [0.0] * len(record)
        for name in record[0]['probabilities'][block]:
            top = [low + entry['probabilities'][block][name] for low, entry in zip(bottom, record)]
            axes.fill_between(epochs, bottom, top, color=colours[name], linewidth=0)
            bottom = top
        axes.set(xlim=(epochs[0], max(epochs[-1], epochs[0] + 1)), ylim=(0, 1))
        axes.set_title(f'block {block + 1}', fontsize='small')
    for name in ('expected', 'derived'):
        grid[blocks].plot(epochs, [entry[name] for entry in record], label=name)
    grid[blocks].set_title(record[0]['cost'], fontsize='small')
    grid[blocks].legend(fontsize='small')
    from matplotlib.patches import Patch

    handles = [Patch(color=colour, label=name) for name, colour in colours.items()]
    figure.legend(handles=handles, loc='outside right upper', fontsize='small')
    figure.supxlabel('epoch')


def _engine(measured: Mapping[str, Any]) -> str:
    return f'{measured["engine"]} {measured["precision"]}'


_AXES = {
    'macs': 'exact MACs of an image (G)',
    'latency': 'time of an image (ms, median)',
    'ap': 'AP',
}


def _legend(figure: Figure, colours: Mapping[str, str], markers: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    def entry(label: str, colour: str | None = None, marker: str | None = None) -> Line2D:
        return Line2D([], [], linestyle='none', color=colour, marker=marker, label=label)

    handles = [entry(name, colour, 'o') for name, colour in colours.items()]
    handles += [entry(name, 'black', marker) for name, marker in markers.items()]
    handles.append(entry('area: number of parameters'))
    figure.legend(handles=handles, loc='outside right upper', fontsize='small')
