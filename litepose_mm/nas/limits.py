"""Limits of costs, as the tools take them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ..analysis.complexity import Complexity
from ..errors import LitePoseError
from ..families.litepose import Architecture
from .evolution import Constraint
from .latency_table import LatencyTable
from .network_layers import architecture_complexity

#: What can be limited; latency is in milliseconds and needs a measured table.
COSTS = (*Complexity._fields, 'latency')


def parse_limit(text: str) -> tuple[str, float]:
    """``NAME=NUMBER`` with the name of a cost, for ``argparse``."""
    name, _, value = text.partition('=')
    if name not in COSTS:
        raise argparse.ArgumentTypeError(f'expected {", ".join(COSTS)} = a number, got {text!r}')
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{name}: expected a number, got {value!r}') from None


def make_constraints(
    limits: Sequence[tuple[str, float]],
    num_keypoints: int,
    latency_table: str | Path | None = None,
) -> list[Constraint]:
    """Constraints of a search.

    Args:
        limits: Costs by name, and the most of each.
        num_keypoints: Of the networks.
        latency_table: File of ``latency_table.py``.

    Raises:
        LitePoseError: Latency is limited without a table, or the table cannot be read or is of
            another number of keypoints.
    """
    costs = {name: partial(_cost, name=name, keypoints=num_keypoints) for name in COSTS[:-1]}
    if latency_table is not None:
        table = costs['latency'] = LatencyTable.load(latency_table)
        if table.num_keypoints != num_keypoints:
            raise LitePoseError(
                f'{latency_table} is of networks for {table.num_keypoints} keypoints, expected '
                f'{num_keypoints}; measure one with tools/nas/latency_table.py'
            )
    elif 'latency' in dict(limits):
        raise LitePoseError('latency needs --latency-table FILE, which latency_table.py makes')
    return [Constraint(name, costs[name], value) for name, value in limits]


def _cost(arch: Architecture, name: str, keypoints: int) -> float:
    return getattr(architecture_complexity(arch, keypoints), name)
