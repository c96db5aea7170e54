"""From a float graph to an exported folder in int8."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import onnx

from ...analysis.timing import stages_of, summarise, time_stages
from ...errors import LitePoseError
from ...media import read_image
from ...runtime import ModelCard, PoseEstimator
from .accuracy import AccuracyGoal
from .base import Quantizer
from .calibration import Calibration, spread
from .graph import int8_layers, prepare
from .report import write_quantization
from .search import layers_for_goal, sensitive_layers
from .sensitivity import layer_errors, root_mean_square, run_onnx

# So many pictures tell how sensitive layers are, and how long a frame takes.
_LOOKED_AT = 3
# Engines round differently, which adds up over the layers: 13 % of LitePose-M's heatmaps with
# OpenVINO. Graphs that it got wrong were off by 66 % and more.
_ALLOWED = 0.5


def export_int8(
    graph: Path,
    comparable: Path,
    folder: Path,
    quantizer: Callable[..., Quantizer],
    write: Callable[[Path, Path, str], ModelCard],
    pictures: Sequence[Path],
    goal: AccuracyGoal | None,
) -> ModelCard:
    """Quantises a model and writes how sensitive its layers are beside it.

    Args:
        graph: ONNX file of the float model; others are made beside it.
        comparable: Of the same model, with outputs that can be compared value by value.
        folder: Where to write.
        quantizer: Of the engine.
        write: Writes the model of an ONNX file and its card into a folder, in a precision.
        pictures: For calibration.
        goal: The accuracy to keep.

    Raises:
        LitePoseError: The goal cannot be reached, or the engine cannot run the model.
    """
    in_float32, in_int8 = (graph.with_name(name) for name in ('float32', 'int8'))
    in_float32.mkdir()
    inputs = Calibration(pictures, write(graph, in_float32, 'fp32'))
    # First, so that annotations that cannot be read are said at once.
    before = None if goal is None else goal.average_precision(in_float32)
    few = spread(inputs, _LOOKED_AT)
    prepared, quantized = (graph.with_suffix(f'.{name}.onnx') for name in ('prepared', 'int8'))
    layers = int8_layers(prepare(graph, prepared))
    print(f'quantising each of {len(layers)} layers alone: how sensitive is it?', flush=True)
    errors = layer_errors(comparable, few)
    print(f'calibrating on {len(inputs)} pictures', flush=True)
    own = quantizer(prepared, inputs, layers)

    def export(names: Sequence[str]) -> Path:
        nonlocal card
        shutil.rmtree(in_int8, ignore_errors=True)
        in_int8.mkdir()
        onnx.save(own.quantize(names), quantized)
        card = write(quantized, in_int8, 'int8')
        _check_calculates(in_int8, quantized, few[0])
        return in_int8

    figures, card = {'pictures': len(inputs), 'goal': None}, None
    if goal is None:
        names = sensitive_layers(errors)
        export(names)
    else:
        names, trials = layers_for_goal(goal, errors, before, export)
        figures['goal'] = {'max_loss': goal.max_loss, 'ap_float': before, 'trials': trials}
    kinds = ('fp32', 'int8')
    models = [PoseEstimator(each) for each in (in_float32, in_int8)]
    # As inputs: those of candidates of one shape have no border.
    images = [
        models[0].prepare(read_image(path)).resized[0].image
        for path in spread(pictures, _LOOKED_AT)
    ]
    seconds, _ = time_stages([*map(stages_of, kinds, models)], images, rounds=5)
    figures['milliseconds'] = {kind: summarise(each) for kind, each in zip(kinds, seconds)}
    figures['layers'] = [
        {'name': each.name, 'errors': each.errors, 'precision': kinds[each.name not in names]}
        for each in errors
    ]
    write_quantization(figures, folder)
    for path in in_int8.iterdir():
        shutil.move(path, folder / path.name)
    return card


def _check_calculates(folder: Path, graph: Path, inputs: np.ndarray) -> None:
    """Whether the engine gives what the graph says; one has been seen that gave zeros."""
    estimator = PoseEstimator(folder)
    (expected,) = run_onnx(graph.read_bytes(), inputs)
    card, outputs = estimator.card, estimator.engine.run(inputs)
    for name, own, right in zip(card.decoder.comparable_names, outputs, expected):
        error = root_mean_square(own - right) / max(root_mean_square(right), 1e-12)
        if error > _ALLOWED:
            raise LitePoseError(
                f'{card.engine} does not calculate what the int8 graph says: its {name} are '
                f'{100 * error:.0f} % apart from those of ONNX Runtime; take another shape or '
                'engine'
            )
