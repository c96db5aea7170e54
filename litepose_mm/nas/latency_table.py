"""Latency of a network from a table of its layers, so that a search need not run it.

As in once-for-all networks (Cai et al., ICLR 2020): each layer is timed once, alone, and a network
takes the sum. What that leaves out (memory that is warm or not, layers that are merged) and counts
again for every layer (calling the engine) is measured on some whole networks and corrected.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from ..architectures import Architecture
from ..errors import LitePoseError, reason
from ..media import write_json
from ..search_spaces import SearchSpace
from .network_layers import Layer, network_layers


@dataclass(frozen=True)
class LatencyTable:
    """Milliseconds of layers; called with an architecture it predicts those of the network.

    Attributes:
        milliseconds: Of each layer, alone.
        num_keypoints: ``K`` of the networks.
        conditions: What was measured on, e.g. engine and threads; for people.
        overhead: Milliseconds of each layer that it takes alone only, for the call.
        factor: What a sum of layers, without that, is multiplied by.
        constant: Milliseconds that every network takes besides.
    """

    milliseconds: Mapping[Layer, float]
    num_keypoints: int
    conditions: Mapping[str, Any] = field(default_factory=dict)
    factor: float = 1.0
    constant: float = 0.0
    overhead: float = 0.0

    def __call__(self, arch: Architecture) -> float:
        """Predicted milliseconds of a network, one input of its own resolution.

        Raises:
            LitePoseError: A layer was not measured.
        """
        return self.factor * self._sum(arch) + self.constant

    def _sum(self, arch: Architecture) -> float:
        try:
            layers = network_layers(arch, self.num_keypoints)
            return sum(self.milliseconds[layer] - self.overhead for layer in layers)
        except KeyError as error:
            raise LitePoseError(
                f'latency: {error.args[0]} is not in the table; measure one for this search space'
            ) from None

    def fitted(self, archs: Sequence[Architecture], milliseconds: Sequence[float]) -> LatencyTable:
        """The table with the corrections of least squares, of relative errors.

        None is negative, and the overhead is no more than what the quickest layer takes: a layer
        more does not make a network quicker.

        Args:
            archs: Two networks or more.
            milliseconds: What was measured of each.
        """
        measured = np.asarray(milliseconds, dtype=float)
        best, least = self, np.inf
        for overhead in np.linspace(0, min(self.milliseconds.values()), _OVERHEADS):
            table = replace(self, overhead=float(overhead))
            sums = np.array([table._sum(arch) for arch in archs])
            terms = np.stack([sums / measured, 1 / measured], axis=1)
            (factor, constant), error = nnls(terms, np.ones(len(sums)))
            if error < least - 1e-9:
                best = replace(table, factor=float(factor), constant=float(constant))
                least = error
        return best

    def errors(self, archs: Sequence[Architecture], milliseconds: Sequence[float]) -> np.ndarray:
        """Of each network, how far the prediction is off, as a share of what was measured."""
        predicted = np.array([self(arch) for arch in archs])
        return np.abs(predicted / np.asarray(milliseconds, dtype=float) - 1)

    def save(self, path: str | Path) -> None:
        """Writes the table as JSON.

        Raises:
            LitePoseError: The file cannot be written.
        """
        rows = [[*layer, value] for layer, value in sorted(self.milliseconds.items())]
        content = dict(
            num_keypoints=self.num_keypoints,
            conditions=dict(self.conditions),
            factor=self.factor,
            constant=self.constant,
            overhead=self.overhead,
            fields=_FIELDS,
            layers=rows,
        )
        write_json(path, content)

    @classmethod
    def load(cls, path: str | Path) -> LatencyTable:
        """Reads what :meth:`save` wrote.

        Raises:
            LitePoseError: The file is missing or no such table.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            if content['fields'] != _FIELDS:
                raise ValueError(f'its fields are {content["fields"]}')
            return cls(
                {Layer(*row[:-1]): float(row[-1]) for row in content['layers']},
                int(content['num_keypoints']),
                dict(content['conditions']),
                float(content['factor']),
                float(content['constant']),
                float(content['overhead']),
            )
        except OSError as error:
            raise LitePoseError(f'{path}: {error.strerror}') from error
        except (ValueError, KeyError, TypeError) as error:
            raise LitePoseError(
                f'{path}: not a table of latencies ({reason(error)}); make one with '
                'tools/nas/latency_table.py'
            ) from error


_FIELDS = [*Layer._fields, 'milliseconds']
_OVERHEADS = 101  # values that are tried


def layers_of_space(space: SearchSpace, num_keypoints: int) -> list[Layer]:
    """Every layer that a network of a space can have.

    A layer is decided by the resolution and two more genes at most: widths that come in and go out,
    or a width and a kernel.
    """
    choices = [range(len(gene.choices)) for gene in space.genes]
    resolution, *others = range(len(choices))
    layers = set()
    for pair in combinations(others, 2):
        varied = (resolution, *pair)
        for values in product(*(choices[index] for index in varied)):
            genotype = [0] * len(choices)
            for index, value in zip(varied, values):
                genotype[index] = value
            layers.update(network_layers(space.decode(genotype), num_keypoints))
    return sorted(layers)
