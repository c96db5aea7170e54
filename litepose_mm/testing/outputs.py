"""Outputs with people for every kind of decoder, so that decoding takes its time with any weights.

A decoder of another module registers its own function::

    @outputs_with_people.register
    def _(decoder: MyDecoder, num_people, shape_hw):
        return maps, fields
"""

from __future__ import annotations

from functools import cache, singledispatch
from typing import Any

import numpy as np

from ..analysis.timing import Stages, stages_of
from ..decoding import (
    AssociativeEmbedding,
    AssociativeEmbeddingCandidates,
    Decoder,
    PartAffinity,
    SimCC,
    SinglePerson,
)
from ..inference.base import BaseEstimator
from ..inference.engines import Engine
from .maps import SyntheticMaps, gaussian_maps, synthetic_fields, synthetic_maps

Outputs = tuple[np.ndarray, ...]


@singledispatch
def outputs_with_people(
    decoder: Decoder, num_people: int, shape_hw: tuple[int, int]
) -> Outputs | None:
    """Makes the outputs of a network that sees people in an image.

    Args:
        decoder: Decodes the outputs.
        num_people: ``N``. For top-down networks, this is also the number of inputs.
        shape_hw: Height and width of the input in pixels.

    Returns:
        Float32 arrays in the order of ``decoder.output_names``; None for a kind of decoder for
        which no function is registered.
    """
    return None


@outputs_with_people.register
def _(decoder: AssociativeEmbedding, num_people: int, shape_hw: tuple[int, int]) -> Outputs:
    maps = _maps(decoder, num_people, shape_hw)
    return maps.heatmaps[None], maps.tags[None]


@outputs_with_people.register
def _(
    decoder: AssociativeEmbeddingCandidates, num_people: int, shape_hw: tuple[int, int]
) -> Outputs:
    maps = _maps(decoder, num_people, shape_hw)
    count, top_k = decoder.num_keypoints, decoder.rules.top_k
    people = min(num_people, top_k)
    # The synthetic maps have 2 pixels of their input per pixel of the heatmaps, and 4 of the tags'.
    places = maps.keypoints[:people].transpose(1, 0, 2)
    keypoint = np.arange(count)[:, None]
    x, y = (places // 2).astype(int).transpose(2, 0, 1)
    tags = maps.tags.reshape(decoder.tag_dim, count, *maps.tags.shape[1:])
    values = np.zeros((1, count, top_k), np.float32)
    positions = np.zeros((*values.shape, 2), np.float32)
    candidate_tags = np.zeros((*values.shape, decoder.tag_dim), np.float32)
    values[0, :, :people] = maps.heatmaps[keypoint, y, x]
    positions[0, :, :people] = np.stack([x, y], axis=-1) + 0.25
    candidate_tags[0, :, :people] = np.moveaxis(tags[:, keypoint, y // 2, x // 2], 0, -1)
    best = np.argsort(-values, axis=-1, kind='stable')[..., None]
    return (
        np.take_along_axis(values, best[..., 0], axis=-1),
        np.take_along_axis(positions, best, axis=2),
        np.take_along_axis(candidate_tags, best, axis=2),
    )


@outputs_with_people.register
def _(decoder: SinglePerson, num_people: int, shape_hw: tuple[int, int]) -> Outputs:
    height, width = (side // decoder.stride for side in shape_hw)
    rng = np.random.default_rng(0)
    keypoints = rng.uniform((0, 0), (width, height), (num_people, decoder.num_keypoints, 2))
    return (np.stack([gaussian_maps(own[None], (height, width), 2.0) for own in keypoints]),)


@outputs_with_people.register
def _(decoder: SimCC, num_people: int, shape_hw: tuple[int, int]) -> Outputs:
    rng, outputs = np.random.default_rng(0), []
    for side in reversed(shape_hw):
        length = int(side * decoder.split_ratio)
        centres = rng.uniform(0, length - 1, (num_people, decoder.num_keypoints, 1))
        values = np.exp(-((np.arange(length) - centres) ** 2) / (2 * 6.0**2))
        outputs.append(values.astype(np.float32))
    return tuple(outputs)


@outputs_with_people.register
def _(decoder: PartAffinity, num_people: int, shape_hw: tuple[int, int]) -> Outputs:
    maps = synthetic_fields(num_people, shape_hw, decoder)
    return maps.heatmaps[None], maps.fields[None]


def _maps(
    decoder: AssociativeEmbedding | AssociativeEmbeddingCandidates,
    num_people: int,
    shape_hw: tuple[int, int],
) -> SyntheticMaps:
    height, width = (2 * side // decoder.stride for side in shape_hw)
    return synthetic_maps(num_people, (height, width), decoder.num_keypoints, decoder.tag_dim)


def stages_with_people(name: str, estimator: BaseEstimator, num_people: int) -> Stages:
    """Returns the parts of an estimator to time for images with ``num_people`` people.

    The outputs of :func:`outputs_with_people` are decoded in place of the network's own, so that
    decoding does not depend on the weights. A top-down network gets ``num_people`` boxes, each of
    the whole image. What cannot be replaced (a network that MMPose itself runs, or an unknown kind
    of decoder) is decoded as it is; the number of people that were found shows this.

    Args:
        name: Name in tables.
        estimator: In torch or exported.
        num_people: ``N``.
    """
    stages = stages_of(name, estimator)
    engine: Engine | None = getattr(estimator, 'engine', None)

    @cache
    def outputs(engine: Engine, shape_hw: tuple[int, int]) -> Outputs | None:
        return outputs_with_people(engine.card.decoder, num_people, shape_hw)

    def preprocess(image: np.ndarray) -> Any:
        if not estimator.takes_boxes:
            return estimator.prepare(image)
        height, width = image.shape[:2]
        return estimator.prepare(image, np.tile([[0, 0, width, height]], (num_people, 1)))

    def decode(results: tuple[Any, Any]) -> np.ndarray:
        prepared, own = results
        made = None if engine is None else outputs(engine, prepared.inputs.shape[1:3])
        return stages.decode((prepared, own if made is None else made))

    return stages._replace(preprocess=preprocess, decode=decode)
