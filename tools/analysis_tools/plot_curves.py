"""Plot loss and AP of training runs from the records in their work directories.

A resumed run has a folder of records for each start; these are joined. Hours include the time of
iterations only, without validation.

Example::

    python tools/analysis_tools/plot_curves.py work_dirs/a work_dirs/b --x hours --out curves.png
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt

from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable, replacing

AXES = {'epochs': 'epoch', 'iterations': 'iteration', 'hours': 'hours of training'}


class Point(NamedTuple):
    """A value and the progress of training at which it was measured."""

    epochs: float
    iterations: int
    hours: float
    value: float


def records(work_dir: Path) -> Iterator[dict]:
    """Yield the records of all starts of a run, the oldest first.

    Raises:
        LitePoseError: There are no records, or a line is not a record.
    """
    paths = sorted(work_dir.glob('*/vis_data/scalars.json'))
    if not paths:
        raise LitePoseError(f'{work_dir}: expected a work directory with */vis_data/scalars.json')
    for path in paths:
        for line in path.read_text().splitlines():
            try:
                yield json.loads(line)
            except ValueError as error:
                raise LitePoseError(f'{path}: expected JSON in each line ({error})') from error


def curves(work_dir: Path, metric: str) -> tuple[list[Point], list[Point]]:
    """Return the points of loss and metric of a run.

    Args:
        work_dir: Work directory of the run.
        metric: End of the metric's name, such as ``/AP``.
    """
    losses: dict[int, Point] = {}
    metrics: dict[int, Point] = {}
    for record in records(work_dir):
        if 'loss' in record:
            now = record['iter']
            # Iterations after the checkpoint that a run is resumed from are repeated.
            losses = {step: point for step, point in losses.items() if step < now}
            before = losses[max(losses)] if losses else Point(0, 0, 0.0, 0.0)
            hours = before.hours + record['time'] * (now - before.iterations) / 3600
            losses[now] = Point(record['epoch'], now, hours, record['loss'])
            continue
        values = [value for name, value in record.items() if name.endswith(metric)]
        if values and losses:
            last = losses[max(losses)]
            metrics[record['step']] = last._replace(epochs=record['step'], value=values[0])
    # Records name the current epoch; its completed share follows from the iterations.
    length = max((point.iterations / point.epochs for point in losses.values()), default=1)
    parts = [point._replace(epochs=point.iterations / length) for point in losses.values()]
    return parts, list(metrics.values())


def plot(work_dirs: list[Path], axis: str, metric: str, labels: list[str]) -> plt.Figure:
    """Plot the loss above and the metric below, with a line for each run."""
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 5), layout='constrained')
    for work_dir, label in zip(work_dirs, labels):
        for axes, points in zip((above, below), curves(work_dir, metric)):
            places = [getattr(point, axis) for point in points]
            marker = '.' if axes is below else ''
            axes.plot(places, [point.value for point in points], marker=marker, label=label)
    above.set(ylabel='loss', yscale='log')
    below.set(ylabel=metric.strip('/'), xlabel=AXES[axis])
    for axes in (above, below):
        axes.grid(alpha=0.3)
    if len(work_dirs) > 1:
        figure.legend(*above.get_legend_handles_labels(), loc='outside upper center', ncols=2)
    return figure


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('work_dirs', type=Path, nargs='+', help='work directories')
    parser.add_argument('--out', type=Path, default='curves.png', help='image to write')
    parser.add_argument('--x', choices=AXES, default='epochs', help='horizontal axis')
    parser.add_argument('--metric', default='/AP', help="end of the metric's name (default: /AP)")
    parser.add_argument('--labels', nargs='+', help='a name for each run (default: its folder)')
    args = parser.parse_args()
    check_writable(args.out)
    labels = args.labels or [folder.name for folder in args.work_dirs]
    if len(labels) != len(args.work_dirs):
        raise LitePoseError(f'--labels: expected {len(args.work_dirs)} labels, got {len(labels)}')
    figure = plot(args.work_dirs, args.x, args.metric, labels)
    with replacing(args.out) as part:
        figure.savefig(part, dpi=110, format=args.out.suffix[1:] or 'png')
    print(f'wrote {args.out}')


if __name__ == '__main__':
    sys.exit(run_tool(main))
