"""Report the figures of a verification as Markdown, JSON and a plot."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..analysis.timing import PARTS, plot_times
from ..media import write_json
from ..utils.files import replacing
from .quantization.report import quantization_lines, read_quantization
from .verification import summary_lines


def write_report(figures: Mapping[str, Any], folder: str | Path) -> list[Path]:
    """Write ``report.md``, ``report.json`` and ``report.png``.

    Args:
        figures: The result of :func:`verify`.
        folder: Folder to write to.

    Returns:
        The paths of the files.

    Raises:
        LitePoseError: A file cannot be written.
    """
    paths = [Path(folder) / f'report.{suffix}' for suffix in ('md', 'json', 'png')]
    with replacing(paths[0]) as part:
        part.write_text(to_markdown(figures, read_quantization(folder)), encoding='utf-8')
    write_json(paths[1], figures)
    with replacing(paths[2]) as part:
        _plot(figures, part)
    return paths


def to_markdown(figures: Mapping[str, Any], quantization: Mapping[str, Any] | None = None) -> str:
    """Format the figures as Markdown.

    Args:
        figures: The result of :func:`verify`.
        quantization: The result of :func:`read_quantization`.
    """
    model = figures['model']
    shape = model['input_shape']
    takes = 'any shape' if shape is None else f'{shape[1]}x{shape[0]} (width x height) only'
    flip = 'with' if model['flip_test'] else 'without'
    rows = [
        f'| {part} | {_ms(figures, "torch", part)} | {_ms(figures, "engine", part)} |'
        for part in (*PARTS, 'total')
    ]
    versions = ', '.join(f'{name} {version}' for name, version in model['versions'].items())
    return '\n'.join(
        [
            f'# {model["name"]}: {model["engine"]} {model["precision"]} against torch',
            '',
            f'Decoder {model["decoder"]}, {flip} flip test, inputs of {takes}.',
            '',
            *(f'- {line}' for line in summary_lines(figures)),
            '',
            f'| p50 / p95, ms, threads: {model["threads"] or "default"} | torch eager '
            f'| {model["engine"]} |',
            '|---|---:|---:|',
            *rows,
            '',
            'Outputs and keypoints are compared for the same inputs and with the same decoding, '
            'keypoints only of people whom both find. AP includes the resizing and decoding of '
            'each.',
            '',
            f'Versions: {versions}.',
            '',
            *_quantization(quantization),
        ]
    )


def _quantization(figures: Mapping[str, Any] | None) -> list[str]:
    if figures is None:
        return []
    return [
        '## Int8',
        '',
        *(f'- {line}' for line in quantization_lines(figures)),
        '',
    ]


def _ms(figures: Mapping[str, Any], side: str, part: str) -> str:
    own = figures['milliseconds'][side][part]
    return f'{own["p50"]:.2f} / {own["p95"]:.2f}'


def _plot(figures: Mapping[str, Any], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    model, keypoints = figures['model'], figures['keypoints']
    names = {'torch': 'torch eager', 'engine': f'{model["engine"]}\n{model["precision"]}'}
    figure = Figure(figsize=(9, 3.2), layout='constrained')
    FigureCanvasAgg(figure)
    times, errors = figure.subplots(1, 2)
    plot_times(times, {names[side]: figures['milliseconds'][side] for side in names})
    times.set_title('time of a frame')
    labels = ['median', 'p99', 'max']
    values = [0.0 if keypoints is None else keypoints[label] for label in labels]
    bars = errors.bar(['median', '99 %', 'largest'], values, color='tab:gray')
    errors.bar_label(bars, [f'{value:.3g}' for value in values])
    errors.set_ylim(0, 1.15 * max(0.1, *values))  # all values are 0 for equal models
    errors.set(title='distance of keypoints from torch', ylabel='pixels of the image')
    figure.suptitle(model['name'])
    figure.savefig(path, dpi=120)
