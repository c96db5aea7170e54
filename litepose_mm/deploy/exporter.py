"""From a config and weights to a folder that a runtime runs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from torch import nn

from ..apis.description import deploy_graph, describe
from ..apis.model_building import build_model
from ..errors import CannotExport, LitePoseError, reason
from ..inference.card import ModelCard, file_hashes
from ..inference.engines import Engine, get_engine
from ..version import __version__
from .exported_folder import check_replaceable, replacing_folder
from .onnx_export import export_onnx
from .quantization import AccuracyGoal
from .quantization.calibration import calibration_images
from .self_check import Sample, check_exported, graph_fault, run_on_noise, short_side, traced_shape


def export_model(
    model: str | Path | nn.Module,
    weights: str | Path | None,
    folder: str | Path,
    *,
    engine: str = 'onnxruntime',
    precision: str = 'fp32',
    input_shape: Sequence[int] | None = None,
    outputs: str | None = None,
    flip_test: bool | None = None,
    short_side: int | None = None,
    cfg_options: Mapping[str, Any] | None = None,
    calibration: str | Path | None = None,
    goal: AccuracyGoal | None = None,
) -> ModelCard:
    """Writes a folder for :class:`litepose_mm.runtime.PoseEstimator`.

    The model is whole, and its engine has run it where it is installed, or it is not there. One
    that the folder holds already is replaced. Inputs of several shapes, also two at once, are
    compared with torch: where the graph of a network is right for fewer than was asked for, a
    warning says so, and the card and the graph promise these only.

    Args:
        model: Name in the zoo, name or path of a config, or what :func:`build_model` returned.
        weights: File with weights; None leaves those of a built model, else random ones.
        folder: Where to write.
        engine: One of :func:`litepose_mm.inference.engines.engines` that models are exported for.
            Nothing here runs ``'tensorrt'``: ``trtexec.txt`` holds the command that makes an
            engine where the GPU is.
        precision: ``'fp32'``, ``'fp16'``, ``'bf16'`` or ``'int8'``, where the engine has it. Int8
            writes ``quantization.json`` too: what quantisation did.
        input_shape: Height and width of the only input that the model will take; None: any.
        outputs: What the graph gives, where the head offers a choice: ``'maps'``, or
            ``'candidates'``: few numbers leave the graph, and keypoints that a person lacks stay
            missing. None: what the head prefers.
        flip_test: Whether the graph looks at the mirrored image too; None: as the config says.
        short_side: Short side of the input in pixels; None: as the config says.
        cfg_options: As for :func:`build_model`.
        calibration: For int8: a folder with images of what the model will see, 10 or more.
        goal: For int8: the accuracy to keep. Without one the convolutions next to the input and
            the outputs stay in float32.

    Returns:
        The card.

    Raises:
        LitePoseError: An option does not fit the engine or the model, a package is missing, or
            the folder cannot be written.
    """
    kind, folder = get_engine(engine), Path(folder)
    kind.check(precision)
    check_replaceable(folder)
    if precision == 'int8':
        images = calibration_images(calibration)
    elif calibration is not None or goal is not None:
        raise LitePoseError(f'calibration and goal are for int8, got them with {precision}')
    if isinstance(model, nn.Module):
        if weights is not None or short_side is not None or cfg_options is not None:
            raise LitePoseError(
                'weights, short_side and cfg_options: expected None beside a model that is built '
                'already'
            )
        model = deepcopy(model).eval()
    else:
        model = build_model(model, weights, 'cpu', flip_test, short_side, cfg_options)
    card = describe(model, input_shape, outputs, flip_test)
    kind.check(precision, card)
    with replacing_folder(folder) as part:
        scratch = part.with_name('scratch')
        scratch.mkdir()
        graph, card, samples = _export_graph(model, scratch, card)
        write = partial(_write, kind, card, samples)
        if precision != 'int8':
            return write(graph, part, precision)
        # Here, so that exports in float need no quantiser.
        from .quantization.int8_export import export_int8

        return export_int8(graph, part, kind.quantize, write, images, goal)


def _export_graph(
    model: nn.Module, scratch: Path, card: ModelCard
) -> tuple[Path, ModelCard, list[Sample]]:
    """The widest graph that is right: traces of some networks hold for what was traced only.

    Returns:
        The ONNX file, the card that it fulfils, and what torch makes of inputs that it takes.

    Raises:
        LitePoseError: None is right.
    """
    fault = None
    for promise, narrower in _promises(card):
        try:
            samples = list(run_on_noise(model, promise))
        except LitePoseError:
            raise
        except Exception as error:  # a network raises what it likes
            fault = f'torch itself fails: {reason(error)}'
            continue
        graph = _trace(model, scratch / 'model.onnx', promise)
        fault, before = graph_fault(graph, samples, promise.decoder), fault
        if fault is None:
            if narrower:
                warnings.warn(
                    f'the exported model takes {narrower} only, since the graph of this network is '
                    f'right for no more: {before}'
                )
            return graph, promise, samples
    raise CannotExport(f'the graph of this network is not what torch calculates: {fault}')


def _promises(card: ModelCard) -> Iterator[tuple[ModelCard, str | None]]:
    """What was asked for, then less, with words for it."""
    yield card, None
    if card.batch_limit is None:
        yield replace(card, batch_limit=1), 'one input at a time'
    if card.input_shape is None:
        side = short_side(card)
        words = f'inputs of {side}x{side} (--static WxH takes another shape)'
        yield replace(card, input_shape=(side, side), batch_limit=1), words


def _trace(model: nn.Module, path: Path, card: ModelCard) -> Path:
    return export_onnx(
        deploy_graph(model, card),
        path,
        input_shape=traced_shape(card),
        any_size=card.input_shape is None,
        any_batch=card.batch_limit is None,
    )


def _write(
    kind: type[Engine],
    card: ModelCard,
    samples: Sequence[Sample],
    graph: Path,
    folder: Path,
    precision: str,
) -> ModelCard:
    kind.convert(graph, folder, precision)
    card = replace(
        card,
        engine=kind.name,
        precision=precision,
        files=file_hashes(folder, sorted(path.name for path in folder.iterdir())),
        versions=_versions(kind),
    )
    card.save(folder)
    if kind.runs_here:
        check_exported(folder, card, samples)
    return card


def _versions(kind: type[Engine]) -> dict[str, str]:
    versions = {'litepose_mm': __version__}
    for package in dict.fromkeys(('torch', 'onnx', kind.library or kind.name, *kind.packages)):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # ONNX is written without ONNX Runtime too
            continue
    return versions
