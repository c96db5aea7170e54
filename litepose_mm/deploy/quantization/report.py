"""What quantisation did, for people: JSON, a plot and lines."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...media import write_json
from ...utils.files import replacing

JSON_NAME, PLOT_NAME = 'quantization.json', 'quantization.png'
_MOST_ROWS = 30


def write_quantization(figures: Mapping[str, Any], folder: Path) -> None:
    """Writes ``quantization.json`` and ``quantization.png``.

    Args:
        figures: ``pictures``, of the calibration; ``goal``, None or ``max_loss``, ``ap_float`` and
            ``trials``; ``milliseconds`` in float32 and int8, see
            :func:`litepose_mm.analysis.timing.summarise`; ``layers``, the most sensitive first:
            ``name``, ``errors`` of the outputs and ``precision``.
        folder: Where to write.

    Raises:
        LitePoseError: A file cannot be written.
    """
    write_json(folder / JSON_NAME, figures)
    with replacing(folder / PLOT_NAME) as part:
        _plot(figures['layers'], part)


def read_quantization(folder: str | Path) -> dict[str, Any] | None:
    """The figures of an exported folder; None of a model in float."""
    path = Path(folder) / JSON_NAME
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None


def quantization_lines(figures: Mapping[str, Any]) -> Sequence[str]:
    """What quantisation did in two or three lines."""
    layers, goal = figures['layers'], figures['goal']
    in_float = [each['name'] for each in layers if each['precision'] == 'fp32']
    some = ', '.join(in_float[:4]) + ', …' * (len(in_float) > 4)
    lines = [
        f'int8 in {len(layers) - len(in_float)} of {len(layers)} layers, calibrated on '
        f'{figures["pictures"]} pictures; in float32: {some or "none"}'
    ]
    if goal is not None:
        ap, before = goal['trials'][-1]['ap'], goal['ap_float']
        lines.append(
            f'AP {before:.2f} in float32, {ap:.2f} in int8: {ap - before:+.2f} (allowed: '
            f'{-goal["max_loss"]:g})'
        )
    before, after = (figures['milliseconds'][kind]['model']['p50'] for kind in ('fp32', 'int8'))
    lines.append(
        f'the network takes {after:.1f} ms, in float32 {before:.1f} ms: {before / after:.2f} times '
        "as fast, with the engine's own number of threads"
    )
    if after >= before:
        lines.append('int8 gains no time here: try --engine openvino, or another precision')
    return lines


def layer_table(figures: Mapping[str, Any], rows: int = _MOST_ROWS) -> Sequence[str]:
    """The most sensitive layers as a table in Markdown."""
    layers = figures['layers'][:rows]
    names = list(layers[0]['errors']) if layers else []
    lines = [
        f'| layer | {" | ".join(names)} | precision |',
        f'|---|{"---:|" * len(names)}---|',
    ]
    for layer in layers:
        errors = ' | '.join(f'{100 * error:.2f} %' for error in layer['errors'].values())
        lines.append(f'| {layer["name"]} | {errors} | {layer["precision"]} |')
    return lines


def _plot(layers: Sequence[Mapping[str, Any]], path: Path) -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = layers[:_MOST_ROWS]
    names = list(shown[0]['errors'])
    figure = Figure(figsize=(9, 1.2 + 0.2 * len(shown)), layout='constrained')
    FigureCanvasAgg(figure)
    all_axes = figure.subplots(1, len(names), sharey=True, squeeze=False)[0]
    for axes, name in zip(all_axes, names):
        for precision, colour in (('fp32', 'tab:orange'), ('int8', 'tab:blue')):
            own = [place for place, each in enumerate(shown) if each['precision'] == precision]
            errors = [100 * shown[place]['errors'][name] for place in own]
            axes.barh(own, errors, color=colour, label=precision)
        axes.set(title=name, xlabel='error when it alone is int8, % of the output')
        axes.set_yticks(range(len(shown)), [each['name'].strip('/') for each in shown], fontsize=7)
    all_axes[0].invert_yaxis()
    all_axes[-1].legend(title='stays in', fontsize='small')
    figure.suptitle(f'the {len(shown)} most sensitive of {len(layers)} layers')
    figure.savefig(path, dpi=120)
