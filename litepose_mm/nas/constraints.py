"""Constraints of a search, from the limits that tools accept."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from ..analysis.complexity import Complexity
from ..errors import LitePoseError
from .costs import NetworkCosts
from .evolution import Constraint
from .latency import LatencyPredictor
from .search_spaces import Architecture, SearchSpace

#: Costs that can be limited; latency is in milliseconds and needs a fitted predictor.
COSTS = (*Complexity._fields, 'latency')


def parse_limit(text: str) -> tuple[str, float]:
    """Parse ``NAME=NUMBER`` with the name of a cost, for ``argparse``."""
    name, _, value = text.partition('=')
    if name not in COSTS:
        raise argparse.ArgumentTypeError(
            f'expected NAME=NUMBER with one of the names {", ".join(COSTS)}, got {text!r}'
        )
    try:
        return name, float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f'{name}: expected a number, got {value!r}') from None


def make_constraints(
    limits: Sequence[tuple[str, float]],
    costs: NetworkCosts,
    space: SearchSpace,
    latency_predictor: str | Path | None = None,
) -> list[Constraint]:
    """Make the constraints of a search.

    Args:
        limits: Names of costs, each with the largest value allowed.
        costs: Costs of the networks.
        space: The search space of the networks.
        latency_predictor: A file that ``latency_predictor.py`` wrote.

    Raises:
        LitePoseError: Latency is limited without a predictor, or the predictor cannot be read or
            belongs to another space.
    """
    functions: dict[str, Callable[[Architecture], float]] = {
        name: partial(_cost, costs, name) for name in Complexity._fields
    }
    if latency_predictor is not None:
        predictor = LatencyPredictor.load(latency_predictor)
        predictor.check_space(space)
        functions['latency'] = partial(predictor, costs)
    elif 'latency' in dict(limits):
        raise LitePoseError(
            'latency: expected --latency-predictor FILE, which tools/nas/latency_predictor.py makes'
        )
    return [Constraint(name, functions[name], limit) for name, limit in limits]


def _cost(costs: NetworkCosts, name: str, arch: Architecture) -> float:
    return getattr(costs.complexity(arch), name)
