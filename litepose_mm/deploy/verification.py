"""Whether an exported model finds what torch finds, and how much sooner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from ..analysis.timing import stages_of, summarise, time_stages
from ..annotations.values import image_path
from ..apis import PoseEstimator as TorchEstimator
from ..apis.description import deploy_graph
from ..errors import LitePoseError
from ..evaluation.functional.average_precision import Truth
from ..evaluation.functional.oks import box_areas, keypoint_similarity
from ..media import find_media, read_image
from ..runtime import PoseEstimator
from ..structures import Skeleton
from .self_check import ROUNDING

# Two people are the same if they are more alike than this (COCO's object keypoint similarity).
_SAME = 0.5
# What an export in float32 is held to.
_MOST_APART, _MOST_MISSING = 0.1, 0.01  # pixels, of 99 % of the keypoints; share of the people
# Of as many images the time is taken; the differences are those of all.
_TIMED = 10


def images_and_truth(
    images: str | Path, annotations: str | Path | None, skeleton: Skeleton
) -> tuple[dict[int, Path], Truth | None]:
    """What :func:`verify` compares on: images by number, and their truth where it is given.

    Raises:
        LitePoseError: There are no images, or the annotations cannot be used.
    """
    truth = None if annotations is None else Truth.load(annotations, skeleton)
    return _files(images, truth), truth


def verify(
    estimator: TorchEstimator,
    folder: str | Path,
    images: str | Path,
    annotations: str | Path | None = None,
    *,
    threads: int | None = None,
    rounds: int = 3,
) -> dict[str, Any]:
    """Compares an exported model with the torch model that it was made of.

    Outputs and keypoints are compared for the same inputs, decoded by the same rules. AP is that
    of both as they are used, so that of a model of one shape holds what the shape costs.

    Args:
        estimator: The torch model.
        folder: What :func:`export_model` wrote.
        images: A folder with images, or one image.
        annotations: Annotations of keypoints in COCO's form, whose images lie in ``images``;
            only these are looked at.
        threads: How many threads both take; None leaves it to them.
        rounds: How often each of at most 10 images is timed.

    Returns:
        The figures, plain values that JSON can hold: ``model`` and ``images``; ``outputs``, the
        largest and the mean difference of each output; ``inputs``, the number of shapes that were
        compared, and ``batch``, the largest difference of two inputs at once as a share of the
        largest value, None where the model takes one; ``people``, how many torch and the
        engine find and how many are the same; ``keypoints``, distances in pixels of the image:
        ``median``, ``p99`` and ``max``, None where nobody is the same; ``ap`` of both, or None;
        ``milliseconds`` of both, see :func:`litepose_mm.analysis.timing.summarise`.

    Raises:
        LitePoseError: There are no images, or something cannot be read.
    """
    if threads is not None:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
    runtime = PoseEstimator(folder, threads=threads)
    files, truth = images_and_truth(images, annotations, runtime.skeleton)
    differences = _Differences(estimator, runtime)
    timed, found = [], ({}, {})
    for number, path in files.items():
        image = read_image(path)
        differences.add(image)
        if len(timed) < _TIMED:
            timed.append(image)
        if truth is not None:
            for results, each in zip(found, (estimator, runtime)):
                results[number] = each(image)
    sides = ('torch', 'engine')
    seconds, _ = time_stages(
        [stages_of('torch', estimator), stages_of('engine', runtime)], timed, rounds
    )
    card = runtime.card
    return {
        'model': {
            'name': card.name,
            'engine': card.engine,
            'precision': card.precision,
            'decoder': card.decoder.kind(),
            'flip_test': card.flip_test,
            'input_shape': None if card.input_shape is None else list(card.input_shape),
            'threads': threads,
            'versions': dict(card.versions),
        },
        'images': len(files),
        **differences.to_dict(),
        'ap': None
        if truth is None
        else {
            'keypoints': len(truth.keypoints),
            **{side: truth.average_precision(each) for side, each in zip(sides, found)},
        },
        'milliseconds': {side: summarise(each) for side, each in zip(sides, seconds)},
    }


def _files(images: str | Path, truth: Truth | None) -> dict[int, Path]:
    if truth is not None:
        files = {number: image_path(images, name) for number, name in truth.files.items()}
        missing = [path.name for path in files.values() if not path.is_file()]
        if missing:
            raise LitePoseError(
                f'expected the {len(files)} images of the annotations in {images}, '
                f'{len(missing)} are not there, e.g. {missing[0]}; take annotations of the others'
            )
        return files
    media = [file for file in find_media([images]) if not file.is_video]
    if not media:
        raise LitePoseError(f'expected images in {images}, got videos only')
    return dict(enumerate(file.path for file in media))


class _Differences:
    """Collects how far torch and the engine are apart on the same inputs."""

    def __init__(self, estimator: TorchEstimator, runtime: PoseEstimator) -> None:
        self._model, self._runtime = estimator.model, runtime
        card = runtime.card
        self._graph = deploy_graph(self._model, card)
        self._names = card.decoder.comparable_names
        self._largest = dict.fromkeys(self._names, 0.0)
        self._means: dict[str, list[float]] = {name: [] for name in self._names}
        self._people = np.zeros(3, dtype=int)
        self._distances: list[np.ndarray] = []
        self._shapes: set[tuple[int, ...]] = set()
        self._batch: float | None = None

    @torch.inference_mode()
    def _both(self, inputs: np.ndarray) -> tuple[list[np.ndarray], Sequence[np.ndarray]]:
        """The outputs of torch and of the engine."""
        device = next(self._model.parameters()).device
        theirs = self._graph(torch.from_numpy(inputs).to(device))
        return [each.cpu().numpy() for each in theirs], self._runtime.engine.run(inputs)

    def _add_batch(self, inputs: np.ndarray) -> None:
        """Compares both on an input and its mirror image at once."""
        both = self._both(np.concatenate([inputs, inputs[..., ::-1]]))
        self._batch = max(
            float(np.abs(their - our).max() / max(np.abs(their).max(), 1e-12))
            for _, their, our in zip(self._names, *both)
        )

    def add(self, image: np.ndarray) -> None:
        """Compares both on an image."""
        runtime = self._runtime
        prepared = runtime.prepare(image)
        (resized,), inputs = prepared.resized, prepared.inputs
        if not self._shapes and runtime.card.batch_limit is None:
            self._add_batch(inputs)
        self._shapes.add(inputs.shape)
        theirs, ours = self._both(inputs)
        for name, their, our in zip(self._names, theirs, ours):
            difference = np.abs(their - our)
            self._largest[name] = max(self._largest[name], float(difference.max()))
            self._means[name].append(float(difference.mean()))
        size = resized.image.shape[:2]
        (their,), (our,) = (
            runtime.card.decoder.decode(each, size, [resized.box]) for each in (theirs, ours)
        )
        pairs = _same_people(their, our, runtime.skeleton.oks_sigmas('the comparison with torch'))
        self._people += (len(their.scores), len(our.scores), len(pairs))
        for one, other in pairs:
            both = (their.keypoint_scores[one] > 0) & (our.keypoint_scores[other] > 0)
            apart = their.keypoints[one, both] - our.keypoints[other, both]
            self._distances.append(np.linalg.norm(apart, axis=-1) * resized.zoom)

    def to_dict(self) -> dict[str, Any]:
        """The figures so far."""
        distances = np.concatenate([np.zeros(0), *self._distances])
        keypoints = None
        if len(distances):
            keypoints = {
                'count': len(distances),
                'median': float(np.median(distances)),
                'p99': float(np.percentile(distances, 99)),
                'max': float(distances.max()),
                'within_0.1': float((distances <= 0.1).mean()),
            }
        return {
            'outputs': {
                name: {'max': self._largest[name], 'mean': float(np.mean(self._means[name]))}
                for name in self._names
            },
            'inputs': len(self._shapes),
            'batch': self._batch,
            'people': dict(zip(('torch', 'engine', 'same'), self._people.tolist())),
            'keypoints': keypoints,
        }


def _same_people(one, other, sigmas: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of the same people of two :class:`DecodedPeople`, as indices."""
    if not len(one.scores) or not len(other.scores):
        return []
    one_seen, other_seen = one.keypoint_scores > 0, other.keypoint_scores > 0
    areas = box_areas(one.keypoints, one_seen)
    similarity = keypoint_similarity(
        one.keypoints, one_seen, other.keypoints, other_seen, sigmas, areas
    )
    pairs = zip(*linear_sum_assignment(-similarity))
    return [(int(a), int(b)) for a, b in pairs if similarity[a, b] > _SAME]


def complaint(figures: Mapping[str, Any]) -> str | None:
    """What is wrong with an export in float32.

    Args:
        figures: What :func:`verify` returned.

    Returns:
        One line; None where nothing is wrong, and for lower precisions, which differ on purpose:
        their AP tells.
    """
    if figures['model']['precision'] != 'fp32':
        return None
    people, keypoints = figures['people'], figures['keypoints']
    if figures['batch'] is not None and figures['batch'] > ROUNDING['fp32']:
        return (
            'expected what torch calculates for two inputs at once, got outputs that are '
            f'{100 * figures["batch"]:.2g} % apart'
        )
    most = max(people['torch'], people['engine'])
    if most == 0:
        return 'expected images with people that torch finds, got none of them to compare'
    if most - people['same'] > _MOST_MISSING * most:
        return (
            f'expected the people that torch finds, {people["torch"]}, got {people["engine"]}, of '
            f'which {people["same"]} are the same'
        )
    if keypoints is not None and keypoints['p99'] > _MOST_APART:
        return (
            f'expected 99 % of the keypoints within {_MOST_APART} px of those of torch, got '
            f'{keypoints["p99"]:.3f} px'
        )
    return None


def summary_lines(figures: Mapping[str, Any]) -> Sequence[str]:
    """The comparison in three lines, and a fourth: whether it is good, or how to find out."""
    count, people, keypoints, ap = (
        figures[name] for name in ('images', 'people', 'keypoints', 'ap')
    )
    outputs = ', '.join(f'{name} {each["max"]:.1e}' for name, each in figures['outputs'].items())
    distances = (
        'no keypoints to compare'
        if keypoints is None
        else f'keypoints apart {keypoints["median"]:.3f} px (median), {keypoints["p99"]:.3f} px '
        f'(99 %), {keypoints["max"]:.3f} px (largest)'
    )
    aps = '' if ap is None else f'; AP {ap["torch"]:.1f} with torch, {ap["engine"]:.1f} here'
    torchs, own = (figures['milliseconds'][side]['total']['p50'] for side in ('torch', 'engine'))
    verdict = ()
    if figures['model']['precision'] == 'fp32':
        wrong, count_shapes = complaint(figures), figures['inputs']
        verdict = (
            f'not verified: {wrong}'
            if wrong
            else f'verified: the same as torch for inputs of {count_shapes} '
            f'shape{"s" * (count_shapes != 1)}, '
            + ('one at a time' if figures['batch'] is None else 'also two at once'),
        )
    elif ap is None:
        verdict = ('not judged: rounding moves keypoints, so what counts is AP (--annotations)',)
    shape = figures['model']['input_shape']
    sizes = '' if shape is None else f' (this one with inputs of {shape[1]}x{shape[0]} always)'
    return (
        f'{count} image{"s" * (count != 1)}: {people["same"]} of {people["torch"]} people of '
        f'torch found, {people["engine"]} in all; {distances}',
        f'largest difference of outputs: {outputs}{aps}',
        f'time of a frame: {own:.1f} ms, torch {torchs:.1f} ms: {torchs / own:.1f} times as fast'
        f'{sizes}',
        *verdict,
    )
