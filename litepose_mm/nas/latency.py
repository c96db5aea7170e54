"""Predict the latency of networks from measurements of a few, so that a search need not run them.

Three features are sufficient: multiply-accumulates, the numbers that convolutions read and write,
and the parameters, which have left the caches before the next run (docs/experiments/search.md).
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import nnls
from torch import Tensor, nn

from ..errors import LitePoseError, reason
from ..inference.engines import engines, get_engine
from ..media import write_json
from .costs import NetworkCosts
from .search_spaces import Architecture, SearchSpace


@dataclass(frozen=True)
class LatencyPredictor:
    """Predicts the latency of a network as a weighted sum of its :class:`NetworkCosts`.

    Attributes:
        weights: Milliseconds per 1e6 MACs, per 1e6 numbers read or written, per 1e6 parameters, and
            per network.
        space: Plain data of the search space whose networks were measured.
        conditions: Conditions of the measurements, for example engine and threads; informative.
    """

    weights: tuple[float, float, float, float]
    space: Mapping[str, Any]
    conditions: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def fit(
        cls,
        space: SearchSpace,
        costs: NetworkCosts,
        archs: Sequence[Architecture],
        milliseconds: Sequence[float],
        conditions: Mapping[str, Any] | None = None,
    ) -> LatencyPredictor:
        """Fit a predictor by least squares of the relative errors.

        No weight is negative, so that a larger network is never predicted to be faster.

        Args:
            space: The search space of the networks.
            costs: Costs of the space's networks.
            archs: At least four networks.
            milliseconds: Measured latency of each network.
            conditions: Conditions of the measurements.
        """
        features = np.array([_features(costs, arch) for arch in archs])
        weights, _ = nnls(features / np.reshape(milliseconds, (-1, 1)), np.ones(len(features)))
        return cls(tuple(weights.tolist()), space.to_dict(), dict(conditions or {}))

    def __call__(self, costs: NetworkCosts, arch: Architecture) -> float:
        """Predict the milliseconds for one input at the network's resolution."""
        return float(np.dot(_features(costs, arch), self.weights))

    def check_space(self, space: SearchSpace) -> None:
        """Check that the predictor was fitted to networks of a space.

        Raises:
            LitePoseError: It was fitted to another space.
        """
        if _plain(self.space) != _plain(space.to_dict()):
            raise LitePoseError(
                'latency: expected a predictor for the search space of this config, got one for '
                'another space; fit one with tools/nas/latency_predictor.py'
            )

    def save(self, path: str | Path) -> None:
        """Save the predictor as JSON.

        Raises:
            LitePoseError: The file cannot be written.
        """
        write_json(path, dict(weights=self.weights, space=self.space, conditions=self.conditions))

    @classmethod
    def load(cls, path: str | Path) -> LatencyPredictor:
        """Load the file that :meth:`save` wrote.

        Raises:
            LitePoseError: The file is missing or is not a predictor.
        """
        try:
            content = json.loads(Path(path).read_text(encoding='utf-8'))
            weights = tuple(map(float, content['weights']))
            if len(weights) != 4 or not all(0 <= each < np.inf for each in weights):
                raise ValueError(f'its weights are {weights}')
            return cls(weights, dict(content['space']), dict(content['conditions']))
        except OSError as error:
            raise LitePoseError(f'{path}: {error.strerror}') from error
        except (ValueError, KeyError, TypeError) as error:
            raise LitePoseError(
                f'{path} is not a latency predictor ({reason(error)}); fit one with '
                'tools/nas/latency_predictor.py'
            ) from error


def _features(costs: NetworkCosts, arch: Architecture) -> tuple[float, float, float, float]:
    complexity = costs.complexity(arch)
    return complexity.macs / 1e6, costs.traffic(arch) / 1e6, complexity.params / 1e6, 1.0


def _plain(data: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(data))


#: Runs of a network before it is the turn of another one.
RUNS = 5


class NetworkTimer:
    """Measures the latency of networks.

    Args:
        engine: An engine that can time networks, such as ``'torch'`` or ``'onnxruntime'``.
        threads: Number of threads of the engine.
        rounds: Number of turns of each network, of :data:`RUNS` runs each.
        options: Options of the engine, for example the device, see :attr:`Engine.options`.
        quantile: Which quantile of all runs is taken, 0 to 1; the median by default. Other programs
            interrupt long runs more often than short ones, so that only low quantiles add up.

    Raises:
        LitePoseError: The engine is unknown, cannot time networks, has no such option, or is not
            installed.
    """

    def __init__(
        self,
        engine: str = 'onnxruntime',
        threads: int = 1,
        rounds: int = 4,
        options: Mapping[str, Any] | None = None,
        quantile: float = 0.5,
    ) -> None:
        self._engine = get_engine(engine)
        if not self._engine.can_time:
            able = ', '.join(name for name, each in engines().items() if each.can_time)
            raise LitePoseError(f'engine: expected one of {able} to time networks, got {engine!r}')
        if not self._engine.is_installed():
            raise LitePoseError(
                f'{engine} is not installed: pip install "litepose_mm[export,{self._engine.extra}]"'
            )
        self.threads, self.rounds, self.options = threads, rounds, dict(options or {})
        self.quantile = quantile
        self._engine.check_options(self.options)

    def __call__(self, networks: Iterable[tuple[nn.Module, Sequence[int]]]) -> list[float]:
        """Measure networks in turns, so that disturbances affect all of them equally.

        Args:
            networks: Pairs of a network in eval mode with one input, and the shape of the input.
                Each is compiled, and its kernels are tuned if the engine does so, before the next
                one is asked for.

        Returns:
            Milliseconds of each network.
        """
        generator = torch.Generator().manual_seed(0)
        runs = [
            self._run(network, torch.randn(*shape, generator=generator))
            for network, shape in networks
        ]
        seconds = [[run(RUNS) for run in runs] for _ in range(self.rounds)]
        return (1e3 * np.quantile(seconds, self.quantile, axis=(0, 2))).tolist()

    def _run(self, network: nn.Module, inputs: Tensor) -> Callable[[int], list[float]]:
        graph = _onnx(network, inputs) if self._engine.runs_onnx else network
        return self._engine.time(graph, inputs.numpy(), self.threads, **self.options)


def _onnx(network: nn.Module, inputs: Tensor) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter('ignore')  # the exporter recommends a newer one
        torch.onnx.export(network, (inputs,), file, input_names=['inputs'], dynamo=False)
    return file.getvalue()
