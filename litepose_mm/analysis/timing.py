"""Measure the time of preprocessing, model and decoding of estimators in turns.

Taking turns, all estimators are equally disturbed, so that ratios are right on a busy machine.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..inference.base import BaseEstimator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: The parts of a frame, in order.
PARTS = ('preprocessing', 'model', 'decoding')


class Stages(NamedTuple):
    """The parts of an estimator; the input of each is the result of the previous one.

    Attributes:
        name: Name in tables.
        preprocess: Prepares an image, BGR (H, W, 3) uint8.
        run: Runs the network and waits for it.
        decode: Returns keypoints ``(N, K, 2)`` in pixels of the image.
    """

    name: str
    preprocess: Callable[[np.ndarray], Any]
    run: Callable[[Any], Any]
    decode: Callable[[Any], np.ndarray]


def stages_of(name: str, estimator: BaseEstimator) -> Stages:
    """Return the parts of an estimator, for torch or an exported model."""

    def run(prepared: Any) -> tuple[Any, Any]:
        return prepared, estimator.infer(prepared)

    def decode(outputs: tuple[Any, Any]) -> np.ndarray:
        return estimator.finish(*outputs).keypoints

    return Stages(name, estimator.prepare, run, decode)


def time_stages(
    candidates: Sequence[Stages], images: Sequence[np.ndarray], rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Measure the time of every part of every candidate for every image.

    All candidates process an image before the next image. Their order changes with every round,
    and there is an additional round for warming up.

    Args:
        candidates: Estimators to compare.
        images: BGR (H, W, 3) uint8, at least one.
        rounds: Number of runs for each image.

    Returns:
        Seconds ``(candidates, rounds * images, parts)``, and the number of people that each
        candidate found in each image ``(candidates, images)``.
    """
    seconds = np.zeros((len(candidates), rounds + 1, len(images), len(PARTS)))
    people = np.zeros((len(candidates), len(images)), dtype=int)
    for turn in range(rounds + 1):
        order = np.roll(np.arange(len(candidates)), turn)
        for place, image in enumerate(images):
            for index in order:
                _, *parts = candidates[index]
                value = image
                for part, function in enumerate(parts):
                    start = time.perf_counter()
                    value = function(value)
                    seconds[index, turn, place, part] = time.perf_counter() - start
                people[index, place] = len(value)
    return seconds[:, 1:].reshape(len(candidates), -1, len(PARTS)), people


def summarise(seconds: np.ndarray) -> dict[str, dict[str, float]]:
    """Return percentiles ``p50`` and ``p95`` in milliseconds of each part and of the ``'total'``.

    Args:
        seconds: Seconds of one candidate, ``(frames, parts)``.
    """
    columns = dict(zip(PARTS, seconds.T), total=seconds.sum(axis=1))
    return {
        name: {f'p{share}': float(np.percentile(values, share) * 1e3) for share in (50, 95)}
        for name, values in columns.items()
    }


def plot_times(axes: Axes, times: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Draw a stacked bar of the parts for each candidate.

    Args:
        axes: Axes to draw on.
        times: Results of :func:`summarise` by the names of the candidates.
    """
    left = np.zeros(len(times))
    for part in PARTS:
        widths = [own[part]['p50'] for own in times.values()]
        axes.barh(list(times), widths, left=left, label=part)
        left += widths
    axes.invert_yaxis()
    axes.set_xlabel('ms, median')
    axes.legend(fontsize='small')


def environment() -> str:
    """Describe the CPU in one line."""
    information = Path('/proc/cpuinfo')
    names = [
        line.partition(':')[2].strip()
        for line in (information.read_text().splitlines() if information.exists() else ())
        if line.startswith('model name')
    ]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f'{processor}, {os.cpu_count()} cores'
