"""Latency of a network from a table of its layers, so that a search need not run it.

As in once-for-all networks (Cai et al., ICLR 2020): each layer is timed once, alone, and a network
takes the sum. A layer alone is not what it is in a network, though: each is called, its maps are
put into the engine's order of memory and back, and nothing is merged. So the sum is one of four
terms, beside MACs, numbers that layers read and write, and a constant, that are weighed by what
some whole networks take.
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

from ..errors import LitePoseError, reason
from ..families.litepose import Architecture
from ..media import write_json
from .network_layers import Layer, network_layers
from .search_spaces import SearchSpace


@dataclass(frozen=True)
class LatencyTable:
    """Milliseconds of layers; called with an architecture it predicts those of the network.

    Attributes:
        milliseconds: Of each layer, alone.
        num_keypoints: ``K`` of the networks.
        conditions: What was measured on, e.g. engine and threads; for people.
        weights: What the terms are multiplied by: the sum of the layers' milliseconds, 1e6 MACs,
            1e6 numbers read and written, and 1.
    """

    milliseconds: Mapping[Layer, float]
    num_keypoints: int
    conditions: Mapping[str, Any] = field(default_factory=dict)
    weights: tuple[float, float, float, float] = (1.0, 0.0, 0.0, 0.0)

    def __call__(self, arch: Architecture) -> float:
        """Predicted milliseconds of a network, one input of its own resolution.

        Raises:
            LitePoseError: A layer was not measured.
        """
        return float(self._terms(arch) @ self.weights)

    def _terms(self, arch: Architecture) -> np.ndarray:
        layers = list(network_layers(arch, self.num_keypoints))
        try:
            alone = sum(self.milliseconds[layer] for layer in layers)
        except KeyError as error:
            raise LitePoseError(
                f'latency: {error.args[0]} is not in the table; measure one for this search space'
            ) from None
        macs = sum(layer.complexity.macs for layer in layers)
        elements = sum(layer.elements for layer in layers)
        return np.array([alone, macs / 1e6, elements / 1e6, 1])

    def fitted(self, archs: Sequence[Architecture], milliseconds: Sequence[float]) -> LatencyTable:
        """The table with the weights of least squares, of relative errors.

        None is negative: a layer more does not make a network quicker.

        Args:
            archs: Four networks or more.
            milliseconds: What was measured of each.
        """
        terms = np.array([self._terms(arch) for arch in archs])
        weights, _ = nnls(terms / np.c_[milliseconds], np.ones(len(terms)))
        return replace(self, weights=tuple(weights.tolist()))

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
            weights=list(self.weights),
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
                tuple(map(float, content['weights'])),
            )
        except OSError as error:
            raise LitePoseError(f'{path}: {error.strerror}') from error
        except (ValueError, KeyError, TypeError) as error:
            raise LitePoseError(
                f'{path}: not a table of latencies ({reason(error)}); make one with '
                'tools/nas/latency_table.py'
            ) from error


_FIELDS = [*Layer._fields, 'milliseconds']


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
