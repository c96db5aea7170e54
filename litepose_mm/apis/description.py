"""What a network tells of itself: its card, whatever engine runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dataset import Compose
from mmpose.datasets.transforms import GetBBoxCenterScale, TopdownAffine
from mmpose.models import TopdownPoseEstimator
from torch import nn

from ..datasets.transforms import BottomupResizeAlign
from ..errors import CannotExport, LitePoseError
from ..inference.card import ModelCard
from ..models.utils.deploy_graph import DeployGraph, deploy_decoder
from ..structures import Skeleton
from ..zoo import models


def describe(
    model: nn.Module,
    input_shape: Sequence[int] | None = None,
    outputs: str | None = None,
    flip_test: bool | None = None,
) -> ModelCard:
    """The card of a network that torch runs; those of other engines have the same facts.

    Args:
        model: What :func:`build_model` returned, in evaluation mode.
        input_shape: Height and width of the only input that the model will take; None: any.
        outputs: What the graph gives, where the head offers a choice, such as ``'maps'`` and
            ``'candidates'``; None: what it prefers.
        flip_test: Whether the graph looks at the mirrored image too; None: as the config says.

    Raises:
        LitePoseError: The network, or how its config resizes images, is of a kind that only MMPose
            itself can run.
    """
    test_cfg = model.test_cfg or {}
    if test_cfg.get('multiscale_test'):
        raise CannotExport('multiscale_test: an exported model looks at one scale; switch it off')
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
        channel_order='rgb' if normalisation._channel_conversion else 'bgr',
        mean=mean,
        std=std,
        skeleton=Skeleton.from_metainfo(model.dataset_meta),
        decoder=decoder,
        versions={},
        **_resize(model, input_shape),
    )


def deploy_graph(model: nn.Module, card: ModelCard) -> DeployGraph:
    """The graph of a network that gives what its card says, in evaluation mode."""
    return DeployGraph(model, card.decoder, card.flip_test, card.skeleton.flip_indices).eval()


def _resize(model: nn.Module, input_shape: Sequence[int] | None) -> dict[str, Any]:
    """How the test pipeline resizes images, as fields of a card."""
    transforms = Compose(model.cfg.test_dataloader.dataset.pipeline).transforms
    if isinstance(model, TopdownPoseEstimator):
        boxes = [each for each in transforms if isinstance(each, GetBBoxCenterScale)]
        crops = [each for each in transforms if isinstance(each, TopdownAffine)]
        if len(boxes) != 1 or len(crops) != 1 or crops[0].use_udp:
            raise CannotExport(
                'expected one GetBBoxCenterScale and one TopdownAffine without use_udp in the test '
                'pipeline, which is how images of people are cut out here'
            )
        width, height = crops[0].input_size
        if input_shape is not None and tuple(input_shape) != (height, width):
            raise LitePoseError(
                f'--static, input_shape: a top-down model takes its own {width}x{height} only'
            )
        return dict(
            input_shape=(height, width),
            input_size=min(width, height),
            size_divisor=1,
            box_padding=float(boxes[0].padding),
            batch_limit=None,
        )
    found = [each for each in transforms if isinstance(each, BottomupResizeAlign)]
    if len(found) != 1:
        raise CannotExport(
            'expected one BottomupResizeAlign in the test pipeline, which is how images are '
            f'resized here, got {len(found)}'
        )
    divisor = found[0].size_factor
    return dict(
        input_shape=_checked_shape(input_shape, divisor),
        input_size=found[0].short_side,
        size_divisor=divisor,
        batch_limit=None if input_shape is None else 1,
    )


def _checked_shape(shape: Sequence[int] | None, divisor: int) -> tuple[int, int] | None:
    if shape is None:
        return None
    shape = tuple(shape)
    if len(shape) != 2 or any(side < divisor or side % divisor for side in shape):
        raise LitePoseError(
            f'--static, input_shape: expected sides that are multiples of {divisor} pixels, got '
            f'{"x".join(map(str, reversed(shape)))} (width x height)'
        )
    return shape


def model_name(model: nn.Module) -> str:
    """Its name in the zoo, or that of its config."""
    config = Path(model.cfg.filename or 'model').stem
    names = {Path(entry.config).stem: name for name, entry in models().items()}
    return names.get(config, config)
