"""From a config and weights to a folder that a runtime runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dataset import Compose
from torch import nn

from ..apis.model_building import build_model
from ..datasets.transforms import BottomupResizeAlign
from ..decoding import for_candidates
from ..decoding.decoder import BROKEN_MAPS
from ..errors import LitePoseError
from ..models.heads.multilevel_ae_head import MultiLevelAEHead
from ..runtime import ModelCard, file_hashes
from ..runtime.engines import load_engine
from ..structures import Skeleton
from ..version import __version__
from ..zoo import MODELS
from .backends import Backend, get_backend
from .exported_folder import check_replaceable, replacing_folder
from .onnx_export import export_onnx, graph_options
from .quantization import AccuracyGoal
from .quantization.calibration import calibration_pictures

# Of the largest value of an output. Rounding in float32 was seen to cost a hundredth of it. What
# lower precisions may cost is a matter of pictures, but outputs that are all wrong are seen here;
# int8 is compared with its own graph.
_ROUNDING = {'fp32': 1e-3, 'fp16': 0.5, 'bf16': 0.5}


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

    The model is whole, and its engine has run it once where it is installed, or it is not there.
    One that the folder holds already is replaced.

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
        graph = _export_graph(model, scratch / 'model.onnx', fields)
        write = partial(_write, backend, fields, _run_on_noise(model, fields))
        if precision != 'int8':
            return write(graph, part, precision)
        maps = graph
        if outputs != 'maps':
            maps = _export_graph(model, scratch / 'maps.onnx', {**fields, 'outputs': 'maps'})
        # Here, so that exports in float need no quantiser.
        from .quantization.int8_export import export_int8

        return export_int8(graph, maps, part, backend.quantizer, write, pictures, goal)


def _options(model: nn.Module, fields: Mapping[str, Any]) -> dict[str, Any]:
    flip_indices = fields['skeleton'].flip_indices
    return graph_options(model, fields['outputs'], fields['flip_test'], flip_indices)


def _sample_shape(fields: Mapping[str, Any]) -> tuple[int, int, int, int]:
    small = 2 * fields['size_divisor']
    return (1, 3, *(fields['input_shape'] or (small, small)))


def _export_graph(model: nn.Module, path: Path, fields: Mapping[str, Any]) -> Path:
    return export_onnx(
        model,
        path,
        input_shape=_sample_shape(fields),
        dynamic=fields['input_shape'] is None,
        **_options(model, fields),
    )


class _Sample(NamedTuple):
    """An input, and what torch makes of it."""

    inputs: np.ndarray
    outputs: list[np.ndarray]


@torch.inference_mode()
def _run_on_noise(model: nn.Module, fields: Mapping[str, Any]) -> _Sample:
    noise = np.random.default_rng(0).standard_normal(_sample_shape(fields), dtype=np.float32)
    device = next(model.parameters()).device
    outputs = model.deploy_forward(torch.from_numpy(noise).to(device), **_options(model, fields))
    return _Sample(noise, [output.cpu().numpy() for output in outputs])


def _write(
    backend: Backend,
    fields: Mapping[str, Any],
    sample: _Sample,
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
    _try(folder, card, sample)
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


def _try(folder: Path, card: ModelCard, sample: _Sample) -> None:
    """Runs the model once: an engine can refuse what its converter wrote, or get it wrong.

    Raises:
        LitePoseError: It does, or the outputs are not finite.
    """
    if card.engine not in card.versions:
        return
    outputs = load_engine(folder, card, threads=1).run(sample.inputs)
    if not all(np.isfinite(output).all() for output in outputs):
        raise LitePoseError(BROKEN_MAPS)
    if card.precision not in _ROUNDING:
        return
    for name, own, expected in zip(card.comparable_outputs, outputs, sample.outputs):
        apart = np.abs(own - expected).max() / max(np.abs(expected).max(), 1e-12)
        if apart > _ROUNDING[card.precision]:
            raise LitePoseError(
                f'{card.engine} does not calculate what torch does: its {name} of noise are '
                f'{100 * apart:.3g} % apart; take another shape, engine or release of it'
            )
