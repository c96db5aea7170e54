"""Compare the results and the speed of an exported model with torch."""

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
from ..inference.preprocessing import Normaliser
from ..media import find_media, read_image
from ..runtime import PoseEstimator
from ..structures import Skeleton
from .self_check import ROUNDING

# Two people are the same if their object keypoint similarity is above this.
_SAME = 0.5
# Requirements of float32: distance of 99 % of the keypoints in pixels, and share of missing people.
_MOST_APART, _MOST_MISSING = 0.1, 0.01
# Number of images on which the time is measured; differences are measured on all images.
_TIMED = 10


def images_and_truth(
    images: str | Path, annotations: str | Path | None, skeleton: Skeleton
) -> tuple[dict[int, Path], Truth | None]:
    """Return the images of :func:`verify` by id, and their ground truth if it is given.

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
    """Compare an exported model with the original torch model.

    Outputs and keypoints are compared for the same inputs and with the same decoding. AP includes
    the resizing and decoding of each model, and thus the effect of a fixed input shape. Top-down
    models get the annotated boxes for AP, and otherwise the whole image.

    Args:
        estimator: The torch model.
        folder: Folder that :func:`export_model` wrote.
        images: A folder with images, or one image.
        annotations: Keypoints in COCO's form of images in ``images``; only these are used.
        threads: Number of threads of both models; None keeps the defaults.
        rounds: Number of runs in which each of at most 10 images is timed.

    Returns:
        Figures as plain JSON values: ``model`` and ``images``; ``outputs``, the largest and the
        mean difference of each output; ``inputs``, the number of shapes that were compared;
        ``batch``, the largest difference for two inputs at once as a share of the largest value,
        None if the model accepts only one; ``people``, the numbers that torch and the engine find
        and the number of equal ones; ``keypoints``, distances in pixels of the image: ``median``,
        ``p99`` and ``max``, None if there are no equal people; ``ap`` of both, or None;
        ``milliseconds`` of both, see :func:`litepose_mm.analysis.timing.summarise`.

    Raises:
        LitePoseError: There are no images, or a file cannot be read.
    """
    if threads is not None:
        torch.set_num_threads(threads)
        cv2.setNumThreads(threads)
    runtime = PoseEstimator(folder, threads=threads)
    files, truth = images_and_truth(images, annotations, runtime.skeleton)
    differences = _Differences(estimator, runtime)
    timed, found = [], ({}, {})
    boxes = truth.boxes if truth is not None and runtime.takes_boxes else {}
    for number, path in files.items():
        image = read_image(path)
        differences.add(image)
        if len(timed) < _TIMED:
            timed.append(image)
        if truth is not None:
            for results, each in zip(found, (estimator, runtime)):
                results[number] = each(image, boxes.get(number))
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
                f'expected the {len(files)} images of the annotations in {images}, but '
                f'{len(missing)} are missing, e.g. {missing[0]}; add them, or remove them from the '
                'annotations'
            )
        return files
    media = [file for file in find_media([images]) if not file.is_video]
    if not media:
        raise LitePoseError(f'expected images in {images}, got only videos')
    return dict(enumerate(file.path for file in media))


class _Differences:
    """Collects the differences between torch and the engine for the same inputs."""

    def __init__(self, estimator: TorchEstimator, runtime: PoseEstimator) -> None:
        self._model, self._runtime = estimator.model, runtime
        card = runtime.card
        self._graph, self._normalise = deploy_graph(self._model, card), Normaliser(card)
        self._names = card.decoder.comparable_names
        self._largest = dict.fromkeys(self._names, 0.0)
        self._means: dict[str, list[float]] = {name: [] for name in self._names}
        self._people = np.zeros(3, dtype=int)
        self._distances: list[np.ndarray] = []
        self._shapes: set[tuple[int, ...]] = set()
        self._batch: float | None = None

    @torch.inference_mode()
    def _both(self, inputs: np.ndarray) -> tuple[list[np.ndarray], Sequence[np.ndarray]]:
        """Return the outputs of torch and of the engine."""
        device = next(self._model.parameters()).device
        theirs = self._graph(torch.from_numpy(self._normalise(inputs)).to(device))
        return [each.cpu().numpy() for each in theirs], self._runtime.engine.run(inputs)

    def _add_batch(self, inputs: np.ndarray) -> None:
        """Compare both on a batch of an input and its mirror image."""
        both = self._both(np.concatenate([inputs, inputs[:, :, ::-1]]))
        self._batch = max(
            float(np.abs(their - our).max() / max(np.abs(their).max(), 1e-12))
            for _, their, our in zip(self._names, *both)
        )

    def add(self, image: np.ndarray) -> None:
        """Compare both on an image."""
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
        """Return the figures of all images so far."""
        distances = np.concatenate([np.zeros(0), *self._distances])
        keypoints = None
        if len(distances):
            keypoints = {
                'count': len(distances),
                'median': float(np.median(distances)),
                'p99': float(np.percentile(distances, 99)),
                'max': float(distances.max()),
                'within_0.1': float((distances <= _MOST_APART).mean()),
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
    """Return pairs of indices of equal people in two :class:`DecodedPeople`."""
    if not len(one.scores) or not len(other.scores):
        return []
    one_seen, other_seen = one.keypoint_scores > 0, other.keypoint_scores > 0
    areas = box_areas(one.keypoints, one_seen)
    similarity = keypoint_similarity(
        one.keypoints, one_seen, other.keypoints, other_seen, sigmas, areas
    )
    pairs = zip(*linear_sum_assignment(-similarity))
    return [(int(a), int(b)) for a, b in pairs if similarity[a, b] > _SAME]


def verification_error(figures: Mapping[str, Any]) -> str | None:
    """Judge the figures of a float32 export.

    Args:
        figures: The result of :func:`verify`.

    Returns:
        One line about the fault. None if there is none, and for lower precisions, whose
        differences are intended and have to be judged by AP.
    """
    if figures['model']['precision'] != 'fp32':
        return None
    people, keypoints = figures['people'], figures['keypoints']
    if figures['batch'] is not None and figures['batch'] > ROUNDING['fp32']:
        return (
            'expected the outputs of torch for two inputs at once, got a difference of '
            f'{100 * figures["batch"]:.2g} %'
        )
    most = max(people['torch'], people['engine'])
    if most == 0:
        return 'expected images in which torch finds people, got none'
    if most - people['same'] > _MOST_MISSING * most:
        return (
            f'expected the {people["torch"]} people that torch finds, got {people["engine"]}, of '
            f'whom {people["same"]} are the same'
        )
    if keypoints is not None and keypoints['p99'] > _MOST_APART:
        return (
            f'expected 99 % of the keypoints within {_MOST_APART} px of those of torch, got '
            f'{keypoints["p99"]:.3f} px'
        )
    return None


def _exceptions(people: Mapping[str, int], keypoints: Mapping[str, Any] | None) -> str:
    """Count what differs although the export passes."""
    most = max(people['torch'], people['engine'])
    counts = [(most - people['same'], most, 'people')]
    if keypoints is not None:
        apart = round(keypoints['count'] * (1 - keypoints['within_0.1']))
        counts.append((apart, keypoints['count'], f'keypoints (more than {_MOST_APART} px apart)'))
    found = [f'{count} of {total:,} {what}' for count, total, what in counts if count]
    return f', except {" and ".join(found)}' if found else ''


def summary_lines(figures: Mapping[str, Any]) -> Sequence[str]:
    """Summarise the comparison in three lines and, usually, a verdict in a fourth."""
    count, people, keypoints, ap = (
        figures[name] for name in ('images', 'people', 'keypoints', 'ap')
    )
    outputs = ', '.join(f'{name} {each["max"]:.1e}' for name, each in figures['outputs'].items())
    distances = (
        'no keypoints to compare'
        if keypoints is None
        else f'keypoints differ by {keypoints["median"]:.3f} px (median), '
        f'{keypoints["p99"]:.3f} px (99 %), {keypoints["max"]:.3f} px (largest)'
    )
    aps = '' if ap is None else f'; AP {ap["engine"]:.1f}, {ap["torch"]:.1f} with torch'
    torchs, own = (figures['milliseconds'][side]['total']['p50'] for side in ('torch', 'engine'))
    verdict = ()
    if figures['model']['precision'] == 'fp32':
        wrong, count_shapes = verification_error(figures), figures['inputs']
        verdict = (
            f'not verified: {wrong}'
            if wrong
            else f'verified: the same results as torch for inputs of {count_shapes} '
            f'shape{"s" * (count_shapes != 1)}, '
            + ('one at a time' if figures['batch'] is None else 'also two at once')
            + _exceptions(people, keypoints),
        )
    elif ap is None:
        verdict = ('not judged: rounding moves keypoints, so compare AP (--annotations)',)
    shape = figures['model']['input_shape']
    sizes = '' if shape is None else f' (with inputs of {shape[1]}x{shape[0]} only)'
    return (
        f'{count} image{"s" * (count != 1)}: {people["same"]} of the {people["torch"]} people that '
        f'torch finds, {people["engine"]} people in total; {distances}',
        f'largest difference of outputs: {outputs}{aps}',
        f'time per frame: {own:.1f} ms{sizes}, {torchs:.1f} ms with torch: '
        f'{torchs / own:.1f} times as fast',
        *verdict,
    )
