"""Which layers stay in float32 so that the accuracy is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import LitePoseError
from .accuracy import AccuracyGoal
from .sensitivity import LayerError

# Without an accuracy to keep: layers that alone cost more than this share of an output.
SENSITIVE = 0.05


def sensitive_layers(errors: Sequence[LayerError]) -> list[str]:
    """Layers that alone cost more than 5 % of an output, root of the mean squares."""
    return [each.name for each in errors if max(each.errors.values()) > SENSITIVE]


def layers_for_goal(
    goal: AccuracyGoal,
    errors: Sequence[LayerError],
    before: float,
    export: Callable[[Sequence[str]], Path],
) -> tuple[list[str], list[dict[str, Any]]]:
    """The layers to leave in float32: none, or the 2, 4, 8 … most sensitive, until it suffices.

    Args:
        goal: The accuracy to keep.
        errors: Of the layers, the most sensitive first.
        before: AP in float32.
        export: Makes the exported folder with these layers in float32; returns it. The last
            call's is that of the layers that are returned.

    Returns:
        Their names, and what was tried: ``in_float``, how many layers, and ``ap``.

    Raises:
        LitePoseError: The goal cannot be reached.
    """
    trials = []
    for in_float in _more_and_more([each.name for each in errors]):
        ap = goal.average_precision(export(in_float))
        trials.append({'in_float': len(in_float), 'ap': ap})
        print(
            f'AP {ap:.2f} with {len(in_float)} of {len(errors)} layers in float32 '
            f'({before:.2f} with all)',
            flush=True,
        )
        if ap >= before - goal.max_loss:
            return in_float, trials
    raise LitePoseError(
        f'no int8 model keeps AP within {goal.max_loss:g} points of {before:.2f}, '
        f'{max(each["ap"] for each in trials):.2f} at best; calibrate on more pictures, or allow '
        'a greater loss'
    )


def _more_and_more(names: Sequence[str]) -> Iterator[list[str]]:
    count = 0
    while count < len(names):
        yield list(names[:count])
        count = max(2, 2 * count)
