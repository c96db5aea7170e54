"""Export a float graph in int8."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import onnx

from ...analysis.timing import stages_of, summarise, time_stages
from ...errors import LitePoseError
from ...inference.engines.onnxruntime import open_session
from ...inference.preprocessing import Normaliser
from ...inference.quantizers.graph import convolution_precisions
from ...media import read_image
from ...runtime import ModelCard, PoseEstimator
from .accuracy import AccuracyGoal, Trials
from .calibration import Calibration, spread
from .report import write_quantization

# Number of images on which outputs are compared and the time is measured.
_COMPARED = 3
# Engines round differently, which accumulates over the layers: the relative error of LitePose-M's
# heatmaps with OpenVINO is 13 %. Graphs that it computed wrongly had errors of at least 66 %.
_ALLOWED = 0.5


def export_int8(
    graph: Path,
    folder: Path,
    quantize: Callable[[Path, Calibration, Trials | None], onnx.ModelProto],
    write: Callable[[Path, Path, str], ModelCard],
    files: Sequence[Path],
    goal: AccuracyGoal | None,
) -> ModelCard:
    """Quantise a model and write it.

    Args:
        graph: ONNX file of the float model; temporary files are written to its folder.
        folder: Folder to write.
        quantize: Quantiser of the engine.
        write: Function that writes the model of an ONNX file and its card to a folder, in a
            precision.
        files: Images for calibration.
        goal: The accuracy goal, if any.

    Raises:
        LitePoseError: The goal cannot be reached, or the engine cannot run the model.
    """
    in_float32, in_int8 = (graph.with_name(name) for name in ('float32', 'int8'))
    in_float32.mkdir()
    inputs = Calibration(files, write(graph, in_float32, 'fp32'))
    quantized = graph.with_suffix('.quantized.onnx')

    def export(model: onnx.ModelProto) -> Path:
        shutil.rmtree(in_int8, ignore_errors=True)
        in_int8.mkdir()
        onnx.save(model, quantized)
        write(quantized, in_int8, 'int8')
        _check_calculates(in_int8, quantized, inputs.image(0))
        return in_int8

    trials = None if goal is None else Trials(goal, in_float32, export)
    print(f'calibrating on {len(inputs)} images', flush=True)
    model = quantize(graph, inputs, trials)
    export(model)
    images = map(inputs.image, spread(range(len(inputs)), _COMPARED))
    figures = {
        'images': len(inputs),
        'convolutions': convolution_precisions(model.graph),
        'goal': None if goal is None else _reached(goal, trials.ap_float, in_int8),
        'errors': _errors(in_float32, in_int8, images),
        'milliseconds': _milliseconds(in_float32, in_int8, spread(files, _COMPARED)),
    }
    write_quantization(figures, folder)
    for path in in_int8.iterdir():
        shutil.move(path, folder / path.name)
    return ModelCard.load(folder)


def _reached(goal: AccuracyGoal, ap_float: float, folder: Path) -> dict[str, float]:
    ap = goal.evaluate(folder)[0]
    if ap < ap_float - goal.max_loss:
        raise LitePoseError(
            f'int8 loses more than {goal.max_loss:g} AP: {ap:.2f} instead of {ap_float:.2f}; '
            'calibrate on more images, or allow a larger loss'
        )
    return {'max_loss': goal.max_loss, 'ap_float': ap_float, 'ap_int8': ap}


def _errors(before: Path, after: Path, images: Iterable[np.ndarray]) -> dict[str, float]:
    """Return the :func:`relative_error` of each output compared with float32."""
    first, second = (PoseEstimator(folder).engine for folder in (before, after))
    outputs = [list(zip(first.run(each), second.run(each))) for each in images]
    names = first.card.decoder.comparable_names
    return {
        name: float(np.mean([relative_error(own, right) for right, own in pairs]))
        for name, pairs in zip(names, zip(*outputs))
    }


def _milliseconds(before: Path, after: Path, files: Sequence[Path]) -> dict[str, dict]:
    kinds = ('fp32', 'int8')
    models = [PoseEstimator(each) for each in (before, after)]
    # Resized images always fit: models with candidates and one shape refuse images with borders.
    images = [models[0].prepare(read_image(path)).resized[0].image for path in files]
    seconds, _ = time_stages([*map(stages_of, kinds, models)], images, rounds=5)
    return {kind: summarise(each) for kind, each in zip(kinds, seconds)}


def relative_error(own: np.ndarray, right: np.ndarray) -> float:
    """Return the root mean squared error divided by the root mean square of ``right``."""
    return float(np.linalg.norm(own - right) / max(np.linalg.norm(right), 1e-12))


def _check_calculates(folder: Path, graph: Path, image: np.ndarray) -> None:
    """Check that the engine computes what the graph specifies; one was observed to return zeros."""
    engine = PoseEstimator(folder).engine
    card = engine.card
    expected = open_session(graph.read_bytes()).run(None, {'inputs': Normaliser(card)(image)})
    for name, own, right in zip(card.decoder.comparable_names, engine.run(image), expected):
        error = relative_error(own, right)
        if error > _ALLOWED:
            raise LitePoseError(
                f'{card.engine} does not compute the int8 graph correctly: its {name} differ by '
                f'{100 * error:.0f} % from those of ONNX Runtime; use another input shape or engine'
            )
