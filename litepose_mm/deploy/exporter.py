"""Export a model to a folder that an engine runs."""

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
from torch.export import ExportedProgram

from ..apis.description import deploy_graph, describe
from ..apis.model_building import build_model
from ..errors import CannotExport, LitePoseError, reason
from ..inference.card import ModelCard, file_hashes
from ..inference.engines import Engine, get_engine
from ..version import __version__
from .exported_folder import check_replaceable, replacing_folder
from .image_input import take_images
from .onnx_export import export_onnx
from .program_export import export_program
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
    engine_options: Mapping[str, Any] | None = None,
) -> ModelCard:
    """Write a folder for :class:`litepose_mm.runtime.PoseEstimator`.

    The folder is written only if the export succeeds, including a test run if the engine is
    installed; an exported model in the folder is replaced. Inputs of several shapes, also two at
    once, are compared with torch. If the graph of a network is right for only some of them, a
    warning says so, and the graph and its card support only these.

    Args:
        model: Name in the zoo, name or path of a config, or the result of :func:`build_model`.
        weights: File with weights. None keeps the weights of a built model, or uses the bundled
            ones of a name in the zoo, if there are any, or else random ones.
        folder: Folder to write.
        engine: Name of an engine of :func:`litepose_mm.inference.engines.engines` that supports
            export. ``'tensorrt'`` writes an ONNX file and, in ``trtexec.txt``, the command that
            builds a TensorRT engine on the machine with the GPU.
        precision: ``'fp32'``, ``'fp16'``, ``'bf16'`` or ``'int8'``, if the engine supports it.
            Int8 also writes the results of quantisation to ``quantization.json``.
        input_shape: Height and width of all inputs; None allows any size, or, for engines that
            support only one, chooses a square.
        outputs: Kind of outputs, if the head offers a choice: ``'maps'``, or ``'candidates'``,
            which are far fewer numbers, but with which missing keypoints are not searched for.
            None uses the head's default.
        flip_test: Whether the graph also runs the mirrored image; None follows the config.
        short_side: Short side of the input in pixels; None follows the config.
        cfg_options: Overrides of the config, as for :func:`build_model`.
        calibration: For int8: folder with at least 10 images like those that the model will see.
        goal: For int8: the accuracy to keep. Without a goal, the convolutions next to the input
            and the outputs stay in float32.
        engine_options: Options of the engine's conversion, see :attr:`Engine.options`.

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
        raise LitePoseError(
            f'calibration and max_loss: expected the precision int8 for them, got {precision}'
        )
    if isinstance(model, nn.Module):
        if weights is not None or short_side is not None or cfg_options is not None:
            raise LitePoseError(
                'weights, short_side and cfg_options: expected None for a model that is already '
                'built; give the name of a model or a config instead'
            )
        model = deepcopy(model).eval()
    else:
        model = build_model(model, weights, 'cpu', flip_test, short_side, cfg_options)
    card = describe(model, input_shape, outputs, flip_test)
    card = with_shape(card, kind)
    kind.check(precision, card)
    with replacing_folder(folder) as part:
        scratch = part.with_name('scratch')
        scratch.mkdir()
        graph, card, samples = export_graph(model, scratch, card)
        if kind.writes_program:
            graph, card = export_program(model, card), replace(card, input_type='uint8')
        write = partial(_write, kind, card, samples, dict(engine_options or {}))
        if precision != 'int8':
            return write(graph, part, precision)
        # Imported here, so that float exports need no quantiser.
        from .quantization.int8_export import export_int8

        return export_int8(graph, part, kind.quantize, write, images, goal)


def with_shape(card: ModelCard, kind: type[Engine]) -> ModelCard:
    """Choose a square as input shape if none is given and the engine supports only one."""
    if kind.any_shape or card.input_shape is not None:
        return card
    side = short_side(card)
    return replace(card, input_shape=(side, side))


def export_graph(
    model: nn.Module, scratch: Path, card: ModelCard
) -> tuple[Path, ModelCard, list[Sample]]:
    """Export the most general graph that is right; some networks trace for one shape only.

    Args:
        model: A pose estimator in eval mode.
        scratch: Folder for ``model.onnx``.
        card: What the graph should support.

    Returns:
        The ONNX file, its card, and inputs with the outputs of torch.

    Raises:
        LitePoseError: No graph is right.
    """
    fault = None
    for promise, narrower in _promises(card):
        try:
            samples = list(run_on_noise(model, promise))
        except LitePoseError:
            raise
        except Exception as error:  # a network may raise any exception
            fault = f'torch itself fails: {reason(error)}'
            continue
        graph = _trace(model, scratch / 'model.onnx', promise)
        fault, before = graph_fault(graph, samples, promise), fault
        if fault is None:
            if narrower:
                warnings.warn(
                    f'the exported model supports only {narrower}, because the graph of this '
                    f'network is wrong for others: {before}'
                )
            return graph, promise, samples
    raise CannotExport(f'the graph of this network does not compute what torch computes: {fault}')


def _promises(card: ModelCard) -> Iterator[tuple[ModelCard, str | None]]:
    """Yield the requested card, then less general ones, each with a description."""
    yield card, None
    if card.batch_limit is None:
        yield replace(card, batch_limit=1), 'one input at a time'
    if card.input_shape is None:
        side = short_side(card)
        words = f'inputs of {side}x{side} (--static WxH sets another shape)'
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
    options: Mapping[str, Any],
    graph: Path | ExportedProgram,
    folder: Path,
    precision: str,
) -> ModelCard:
    if kind.takes_images:
        graph, card = take_images(graph, card), replace(card, input_type='uint8')
    build = kind.convert(graph, folder, precision, **options)
    card = replace(
        card,
        engine=kind.name,
        precision=precision,
        files=file_hashes(folder, sorted(path.name for path in folder.iterdir())),
        versions=_versions(kind),
        build=build,
    )
    card.save(folder)
    if kind.runs_here(**options):
        check_exported(folder, card, samples)
    return card


def _versions(kind: type[Engine]) -> dict[str, str]:
    versions = {'litepose_mm': __version__}
    for package in dict.fromkeys(('torch', 'onnx', kind.library or kind.name, *kind.packages)):
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # ONNX export does not need ONNX Runtime
            continue
    return versions
