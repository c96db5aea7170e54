"""Derive the card of a network from the network and its config."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import Compose
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.models import TopdownPoseEstimator
from mmpose.models.pose_estimators.base import BasePoseEstimator

from ..errors import CannotExport, LitePoseError
from ..inference.card import ModelCard
from ..models.utils.deploy_graph import DeployGraph, deploy_decoder
from ..preprocessing.rules import PersonBox
from ..structures import Skeleton
from ..zoo import models


def describe(
    model: BasePoseEstimator,
    input_shape: Sequence[int] | None = None,
    outputs: str | None = None,
    flip_test: bool | None = None,
) -> ModelCard:
    """Returns the card of a network that torch runs; other engines' cards are based on it.

    Args:
        model: The network that :func:`build_model` returned, in evaluation mode.
        input_shape: Height and width, if the model will accept only inputs of this shape; None
            means any shape.
        outputs: The graph's outputs if the head offers a choice, such as ``'maps'`` and
            ``'candidates'``; None means the head's default.
        flip_test: Whether the graph includes a flip test; None leaves it to the config.

    Raises:
        LitePoseError: Only MMPose itself can run this kind of network or of test pipeline.
    """
    test_cfg = model.test_cfg or {}
    if test_cfg.get('multiscale_test'):
        raise CannotExport(
            'multiscale_test: expected False, because an exported model uses a single scale; '
            'switch it off'
        )
    flip_test = bool(test_cfg.get('flip_test')) if flip_test is None else flip_test
    decoder = deploy_decoder(model, outputs, flip_test)
    normalisation = model.data_preprocessor
    is_normalised = getattr(normalisation, '_enable_normalize', False)
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if is_normalised:
        mean, std = (
            tuple(values.flatten().tolist()) for values in (normalisation.mean, normalisation.std)
        )
    return ModelCard(
        name=model_name(model),
        engine='torch',
        precision='fp32',
        files={},
        flip_test=flip_test,
        input_type='float32',
        channel_order='rgb' if normalisation._channel_conversion else 'bgr',
        mean=mean,
        std=std,
        skeleton=Skeleton.from_metainfo(model.dataset_meta),
        decoder=decoder,
        versions={},
        **_resize(model, input_shape),
    )


def deploy_graph(model: BasePoseEstimator, card: ModelCard) -> DeployGraph:
    """Returns the graph of a network that computes the outputs in its card, in evaluation mode."""
    return DeployGraph(model, card.decoder, card.flip_test, card.skeleton.flip_indices).eval()


def _resize(model: BasePoseEstimator, input_shape: Sequence[int] | None) -> dict[str, Any]:
    """Returns the card's fields that describe how the test pipeline resizes images."""
    transforms = Compose(model.cfg.test_dataloader.dataset.pipeline).transforms
    if isinstance(model, TopdownPoseEstimator):
        boxes = [each for each in transforms if isinstance(each, GetBBoxCenterScale)]
        crops = [each for each in transforms if isinstance(each, TopdownAffine)]
        if len(boxes) != 1 or len(crops) != 1:
            raise CannotExport(
                'expected one GetBBoxCenterScale and one TopdownAffine in the test pipeline, got '
                f'{len(boxes)} and {len(crops)}; run this model with torch'
            )
        width, height = crops[0].input_size
        if input_shape is not None and tuple(input_shape) != (height, width):
            raise LitePoseError(
                f'--static, input_shape: this top-down model only accepts {width}x{height} '
                f'(width x height), got {"x".join(map(str, reversed(input_shape)))}; leave it out'
            )
        return dict(
            input_shape=(height, width),
            resize=PersonBox(padding=float(boxes[0].padding), udp=crops[0].use_udp),
            batch_limit=None,
        )
    rules = [each.resize_rule for each in transforms if hasattr(each, 'resize_rule')]
    if len(rules) != 1:
        raise CannotExport(
            'expected one transform with a resize_rule, such as BottomupResizeAlign, in the test '
            f'pipeline, got {len(rules)}; add it, or run this model with torch'
        )
    return dict(
        input_shape=_checked_shape(input_shape, rules[0].divisor),
        resize=rules[0],
        batch_limit=None if input_shape is None else 1,
    )


def _checked_shape(shape: Sequence[int] | None, divisor: int) -> tuple[int, int] | None:
    if shape is None:
        return None
    if len(shape) != 2 or any(side < divisor or side % divisor for side in shape):
        raise LitePoseError(
            f'--static, input_shape: expected sides that are multiples of {divisor} pixels, got '
            f'{"x".join(map(str, reversed(shape)))} (width x height)'
        )
    return shape[0], shape[1]


def model_name(model: BasePoseEstimator) -> str:
    """Returns the model's name in the zoo, or the name of its config."""
    config = Path(model.cfg.filename or 'model').stem
    names = {Path(entry.config).stem: name for name, entry in models().items()}
    return names.get(config, config)
