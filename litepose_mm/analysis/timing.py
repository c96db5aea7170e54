"""Time of preprocessing, model and decoding, of estimators that take turns.

What disturbs one estimator disturbs all, so that ratios hold on a machine that does other things.
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
    """The parts of an estimator; each takes what the one before gave.

    Attributes:
        name: For tables.
        preprocess: From an image, BGR (H, W, 3) uint8.
        run: The network; it has finished when this returns.
        decode: To keypoints ``(N, K, 2)`` in pixels of the image.
    """

    name: str
    preprocess: Callable[[np.ndarray], Any]
    run: Callable[[Any], Any]
    decode: Callable[[Any], np.ndarray]


def stages_of(name: str, estimator: BaseEstimator) -> Stages:
    """The parts of an estimator, of torch or of an exported model."""

    def run(prepared: Any) -> tuple[Any, Any]:
        return prepared, estimator.infer(prepared)

    def decode(outputs: tuple[Any, Any]) -> np.ndarray:
        return estimator.finish(*outputs).keypoints

    return Stages(name, estimator.prepare, run, decode)


def time_stages(
    candidates: Sequence[Stages], images: Sequence[np.ndarray], rounds: int
) -> tuple[np.ndarray, np.ndarray]:
    """Times every part of every candidate on every image.

    Each image goes through all candidates before the next; who is first changes with every
    round. A round that warms up comes first.

    Args:
        candidates: What is compared.
        images: BGR (H, W, 3) uint8, at least one.
        rounds: How often each image is looked at.

    Returns:
        Seconds ``(candidates, rounds * images, parts)``, and how many people each candidate found
        on each image ``(candidates, images)``.
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
    """Milliseconds ``p50`` and ``p95`` of each part and of the whole frame, ``'total'``.

    Args:
        seconds: Of one candidate, ``(frames, parts)``.
    """
    columns = dict(zip(PARTS, seconds.T), total=seconds.sum(axis=1))
    return {
        name: {f'p{share}': float(np.percentile(values, share) * 1e3) for share in (50, 95)}
        for name, values in columns.items()
    }


def plot_times(axes: Axes, times: Mapping[str, Mapping[str, Mapping[str, float]]]) -> None:
    """Draws a bar a candidate, its parts one after the other.

    Args:
        axes: Where to draw.
        times: What :func:`summarise` returned, by the candidates' names.
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
    """The processor, in a line."""
    information = Path('/proc/cpuinfo')
    names = [
        line.partition(':')[2].strip()
        for line in (information.read_text().splitlines() if information.exists() else ())
        if line.startswith('model name')
    ]
    processor = names[0] if names else platform.processor() or platform.machine()
    return f'{processor}, {os.cpu_count()} cores'
