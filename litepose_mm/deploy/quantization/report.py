"""Report the results of quantisation as JSON and as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...media import write_json

JSON_NAME = 'quantization.json'


def write_quantization(figures: Mapping[str, Any], folder: Path) -> None:
    """Write ``quantization.json``.

    Args:
        figures: ``images``, the number of calibration images; ``convolutions``, their precisions by
            name; ``goal``, None or ``max_loss``, ``ap_float`` and ``ap_int8``; ``errors``, of each
            output compared with float32; ``milliseconds`` in float32 and int8, see
            :func:`litepose_mm.analysis.timing.summarise`.
        folder: Folder to write to.

    Raises:
        LitePoseError: The file cannot be written.
    """
    write_json(folder / JSON_NAME, figures)


def read_quantization(folder: str | Path) -> dict[str, Any] | None:
    """Read the figures of an exported folder; None for a float model."""
    path = Path(folder) / JSON_NAME
    return json.loads(path.read_text(encoding='utf-8')) if path.is_file() else None


def quantization_lines(figures: Mapping[str, Any]) -> Sequence[str]:
    """Summarise the figures in a few lines."""
    convolutions, goal = figures['convolutions'], figures['goal']
    in_float = [name for name, precision in convolutions.items() if precision == 'fp32']
    some = ', '.join(in_float[:4]) + ', …' * (len(in_float) > 4)
    lines = [
        f'int8 in {len(convolutions) - len(in_float)} of {len(convolutions)} convolutions, '
        f'calibrated on {figures["images"]} images; in float32: {some or "none"}',
        'relative errors of the outputs compared with float32: '
        + ', '.join(f'{name} {100 * error:.1f} %' for name, error in figures['errors'].items()),
    ]
    if goal is not None:
        ap, before = goal['ap_int8'], goal['ap_float']
        lines.append(
            f'AP {before:.2f} in float32, {ap:.2f} in int8: {ap - before:+.2f} (allowed: '
            f'{-goal["max_loss"]:g})'
        )
    before, after = (figures['milliseconds'][kind]['model']['p50'] for kind in ('fp32', 'int8'))
    lines.append(
        f'the network takes {after:.1f} ms instead of {before:.1f} ms in float32: '
        f"{before / after:.2f} times as fast, with the engine's default number of threads"
    )
    if after >= before:
        lines.append('int8 is not faster here: try --engine openvino, or another precision')
    return lines
