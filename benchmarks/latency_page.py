"""Show the figures of ``latency.py`` as tables of a page and as a plot."""

from pathlib import Path

from reporting import Rows, write_between

from litepose_mm.analysis.plots import new_figure, save_figure
from litepose_mm.analysis.timing import PARTS, plot_times

#: Titles, keys of the rows, and formats of the columns for each number of threads.
_COLUMNS = (
    ('network, ms', 'network_ms', '.1f'),
    ('decoding', 'decoding_ms', '.1f'),
    ('frame', 'frame_ms', '.1f'),
    ('speed', 'speed', '.2f'),
    ('of the peak', 'peak_share', '.0%'),
)


def write_page(page: Path, report: dict) -> None:
    """Replace what is between the markers of a page by the figures."""
    lines = [f'{report["environment"]}.']
    for title, by_threads in report['latency'].items():
        lines += ['', f'## {title}', '', *_table(by_threads)]
    write_between(page, 'latency', lines)


def _table(by_threads: dict[int, Rows]) -> list[str]:
    counts = [f'{count} thread{"s" if count > 1 else ""}' for count in by_threads]
    titles = [f'{count}: {title}' for count in counts for title, _, _ in _COLUMNS]
    lines = [f'| engine, precision | {" | ".join(titles)} |', '|---|' + '---:|' * len(titles)]
    for rows in zip(*by_threads.values()):
        cells = [format(row[key], form) for row in rows for _, key, form in _COLUMNS]
        lines.append(f'| {rows[0]["candidate"].replace("-", " ")} | {" | ".join(cells)} |')
    return lines


def draw(report: dict, path: Path) -> None:
    """Draw the parts of a frame, with a plot for each model and number of threads."""
    models = report['latency']
    columns = max(map(len, models.values()))
    figure = new_figure(path, (5.0 * columns, 2.3 * len(models)))
    grid = figure.subplots(len(models), columns, squeeze=False)
    for line, (title, by_threads) in zip(grid, models.items()):
        for axes, (threads, rows) in zip(line, by_threads.items()):
            plot_times(axes, {row['candidate']: _parts(row) for row in rows})
            axes.set_title(f'{title}, threads: {threads}', fontsize='medium')
            axes.get_legend().remove()  # one serves all
            axes.set_xlabel('')
    for axes in grid[-1]:
        axes.set_xlabel('ms, median')
    figure.legend(*grid[0, 0].get_legend_handles_labels(), loc='outside upper center', ncols=3)
    save_figure(figure, path)


def _parts(row: dict) -> dict[str, dict[str, float]]:
    keys = ('preprocessing_ms', 'network_ms', 'decoding_ms')
    return {part: {'p50': row[key]} for part, key in zip(PARTS, keys)}
