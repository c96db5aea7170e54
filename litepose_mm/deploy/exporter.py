"""From a config and weights to a folder that a runtime runs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from mmengine.dataset import Compose
from torch import nn

from ..apis.model_building import build_model
from ..datasets.transforms import BottomupResizeAlign
from ..decoding import for_candidates
from ..errors import LitePoseError, reason
from ..models.heads.multilevel_ae_head import MultiLevelAEHead
from ..runtime import ModelCard, file_hashes
from ..structures import Skeleton
from ..version import __version__
from ..zoo import MODELS
from .backends import Backend, get_backend
from .exported_folder import check_replaceable, replacing_folder
from .onnx_export import export_onnx, graph_options
from .quantization import AccuracyGoal
from .quantization.calibration import calibration_pictures
from .self_check import Sample, check_exported, graph_fault, run_on_noise, short_side, traced_shape


def export_model(
    model: str | Path | nn.Module,
    weights: str | Path | None,
    folder: str | Path,
    *,
    engine: str = 'onnxruntime',
    precision: str = 'fp32',
    input_shape: Sequence[int] | None = None,
    outputs: str = 'maps',
    flip_test: bool | None = None,
    input_size: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    calibration: str | Path | None = None,
    goal: AccuracyGoal | None = None,
) -> ModelCard | None:
    """Writes a folder for :class:`litepose_mm.runtime.PoseEstimator`.

    The model is whole, and its engine has run it where it is installed, or it is not there. One
    that the folder holds already is replaced. Inputs of several shapes, also two at once, are
    compared with torch: where the graph of a network is right for fewer than was asked for, a
    warning says so, and the card and the graph promise these only.

    Args:
        model: Name in the zoo, name or path of a config, or what :func:`build_model` returned.
        weights: File with weights; None leaves those of a built model, else random ones.
        folder: Where to write.
        engine: ``'onnxruntime'``, ``'openvino'``, ``'ncnn'``, or ``'tensorrt'``: no runtime here
            runs that, so there is no card but ``trtexec.txt``, the command that makes an engine.
        precision: ``'fp32'``, ``'fp16'``, ``'bf16'`` or ``'int8'``, where the engine has it. Int8
            writes ``quantization.json`` and ``.png`` too: how sensitive each layer is.
        input_shape: Height and width of the only input that the model will take; None: any.
        outputs: ``'maps'``, or ``'candidates'``: few numbers leave the graph, and keypoints that
            a person lacks stay missing.
        flip_test: Whether the graph looks at the mirrored picture too; None: as the config says.
        input_size: Short side of the input in pixels; None: as the config says.
        cfg_options: As for :func:`build_model`.
        calibration: For int8: a folder with pictures of what the model will see, 10 or more.
        goal: For int8: the accuracy to keep. Without one the layers that alone cost more than 5 %
            of an output stay in float32.

    Returns:
        The card; None for TensorRT.

    Raises:
        LitePoseError: An option does not fit the engine or the model, a package is missing, or
            the folder cannot be written.
    """
    backend, folder = get_backend(engine), Path(folder)
    backend.check(precision, outputs, input_shape is not None)
    check_replaceable(folder)
    if precision == 'int8':
        pictures = calibration_pictures(calibration)
    elif calibration is not None or goal is not None:
        raise LitePoseError(f'calibration and goal are for int8, got them with {precision}')
    if isinstance(model, nn.Module):
        if weights is not None or input_size is not None or cfg_options is not None:
            raise LitePoseError(
                'weights, input_size and cfg_options: expected None beside a model that is built '
                'already'
            )
        model = deepcopy(model).eval()
    else:
        model = build_model(model, weights, 'cpu', flip_test, input_size, cfg_options)
    fields = describe(model, input_shape, outputs, flip_test)
    with replacing_folder(folder) as part:
        scratch = part.with_name('scratch')
        scratch.mkdir()
        graph, fields, samples = _export_graph(model, scratch, fields)
        write = partial(_write, backend, fields, samples)
        if precision != 'int8':
            return write(graph, part, precision)
        maps = graph
        if outputs != 'maps':
            maps = _trace(model, scratch / 'maps.onnx', {**fields, 'outputs': 'maps'})
        # Here, so that exports in float need no quantiser.
        from .quantization.int8_export import export_int8

        return export_int8(graph, maps, part, backend.quantizer, write, pictures, goal)


def _export_graph(
    model: nn.Module, scratch: Path, fields: dict[str, Any]
) -> tuple[Path, dict[str, Any], list[Sample]]:
    """The widest graph that is right: traces of some networks hold for what was traced only.

    Returns:
        The ONNX file, the fields that it fulfils, and what torch makes of inputs that it takes.

    Raises:
        LitePoseError: None is right.
    """
    fault = None
    for promise, narrower in _promises(fields):
        try:
            samples = list(run_on_noise(model, promise))
        except LitePoseError:
            raise
        except Exception as error:  # a network raises what it likes
            fault = f'torch itself fails: {reason(error)}'
            continue
        graph = _trace(model, scratch / 'model.onnx', promise)
        fault, before = graph_fault(graph, samples, promise['outputs']), fault
        if fault is None:
            if narrower:
                warnings.warn(
                    f'the exported model takes {narrower} only, since the graph of this network is '
                    f'right for no more: {before}'
                )
            return graph, promise, samples
    raise LitePoseError(f'the graph of this network is not what torch calculates: {fault}')


def _promises(
    fields: dict[str, Any],
) -> Iterator[tuple[dict[str, Any], str | None]]:
    """What was asked for, then less, with words for it."""
    yield fields, None
    if fields['input_shape'] is not None:
        return
    yield {**fields, 'batch_limit': 1}, 'one input at a time'
    side = short_side(fields)
    promise = {**fields, 'input_shape': (side, side), 'batch_limit': 1}
    yield promise, f'inputs of {side}x{side} (--static WxH takes another shape)'


def _trace(model: nn.Module, path: Path, fields: Mapping[str, Any]) -> Path:
    flip_indices = fields['skeleton'].flip_indices
    return export_onnx(
        model,
        path,
        input_shape=traced_shape(fields),
        dynamic=fields['input_shape'] is None,
        any_batch=fields['batch_limit'] is None,
        **graph_options(model, fields['outputs'], fields['flip_test'], flip_indices),
    )


def _write(
    backend: Backend,
    fields: Mapping[str, Any],
    samples: Sequence[Sample],
    graph: Path,
    folder: Path,
    precision: str,
) -> ModelCard | None:
    backend.convert(graph, folder, precision)
    if not backend.has_runtime:
        return None
    card = ModelCard(
        engine=backend.name,
        precision=precision,
        files=file_hashes(folder, sorted(path.name for path in folder.iterdir())),
        versions=_versions(backend),
        **fields,
    )
    card.save(folder)
    check_exported(folder, card, samples)
    return card


def describe(
    model: nn.Module,
    input_shape: Sequence[int] | None = None,
    outputs: str = 'maps',
    flip_test: bool | None = None,
) -> dict[str, Any]:
    """The fields of a card that a model tells, whatever engine runs it.

    Args:
        model: What :func:`build_model` returned, in evaluation mode.
        input_shape: As for :func:`export_model`.
        outputs: As for :func:`export_model`.
        flip_test: As for :func:`export_model`.

    Raises:
        LitePoseError: No runtime here can do what the model's config asks for.
    """
    head = getattr(model, 'head', None)
    if not isinstance(head, MultiLevelAEHead) or not hasattr(model, 'deploy_forward'):
        raise LitePoseError(
            'expected a MultiScaleBottomupPoseEstimator with a MultiLevelAEHead, got '
            f'{type(model).__name__} with {type(head).__name__}; others cannot be exported'
        )
    test_cfg = model.test_cfg or {}
    if test_cfg.get('multiscale_test'):
        raise LitePoseError('multiscale_test: an exported model looks at one scale; switch it off')
    flip_test = bool(test_cfg.get('flip_test')) if flip_test is None else flip_test
    resize = _resize(model)
    if head.decoder is None:
        raise LitePoseError('expected a head with a decoder, a codec of the config, got none')
    decoder = head.decoder.decoder(head.num_keypoints)
    if outputs == 'candidates':
        decoder = for_candidates(decoder)
    normalisation = model.data_preprocessor
    is_normalised = getattr(normalisation, '_enable_normalize', False)
    return dict(
        name=_name(model),
        outputs=outputs,
        flip_test=flip_test,
        input_shape=_checked_shape(input_shape, resize.size_factor),
        input_size=resize.short_side,
        size_divisor=resize.size_factor,
        batch_limit=None if input_shape is None else 1,
        channel_order='rgb' if normalisation._channel_conversion else 'bgr',
        mean=normalisation.mean.flatten().tolist() if is_normalised else (0, 0, 0),
        std=normalisation.std.flatten().tolist() if is_normalised else (1, 1, 1),
        strides=_strides(model, 2 * resize.size_factor),
        tag_dim=head.tag_dim * sum(head.tag_levels) * (2 if flip_test else 1),
        skeleton=Skeleton.from_metainfo(model.dataset_meta),
        decoder=decoder,
        restore_heatmap_size=outputs == 'maps' and test_cfg.get('restore_heatmap_size', True),
    )


def _resize(model: nn.Module) -> BottomupResizeAlign:
    transforms = Compose(model.cfg.test_dataloader.dataset.pipeline).transforms
    found = [each for each in transforms if isinstance(each, BottomupResizeAlign)]
    if len(found) != 1:
        raise LitePoseError(
            'expected one BottomupResizeAlign in the test pipeline, which is how a runtime resizes '
            f'pictures, got {len(found)}; take `ae_test_pipeline` in the config'
        )
    return found[0]


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


@torch.no_grad()
def _strides(model: nn.Module, side: int) -> tuple[int, ...]:
    inputs = torch.zeros(1, 3, side, side, device=next(model.parameters()).device)
    levels = model.head.forward(model.extract_feat(inputs))
    return tuple(side // level.shape[-1] for level in levels)


def _name(model: nn.Module) -> str:
    config = Path(model.cfg.filename or 'model').stem
    names = {Path(entry.config).stem: name for name, entry in MODELS.items()}
    return names.get(config, config)


def _versions(backend: Backend) -> dict[str, str]:
    versions = {'litepose_mm': __version__}
    for package in dict.fromkeys(('torch', 'onnx', backend.name, *backend.packages)):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # ONNX is written without ONNX Runtime too
            continue
    return versions
