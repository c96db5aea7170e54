"""Check that an exported model computes what torch computes, for all inputs of its card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import nn

from ..apis.description import deploy_graph
from ..decoding import BROKEN_OUTPUTS, Decoder
from ..errors import CannotExport, LitePoseError
from ..inference.card import ModelCard
from ..inference.engines import get_engine, load_engine
from ..inference.preprocessing import Normaliser

# Largest difference, as a share of an output's largest value. Rounding in float32 was observed to
# cause a hundredth of this. Losses in lower precisions have to be judged on images, but completely
# wrong outputs are found here: the share is that of the largest value of all outputs, since a
# trained network's heatmaps of noise are next to zero. Int8 models are compared with their own
# graph.
ROUNDING = {'fp32': 1e-3, 'fp16': 0.5, 'bf16': 0.5}


class Sample(NamedTuple):
    """Images of noise and the outputs of torch."""

    inputs: np.ndarray
    outputs: list[np.ndarray]


def short_side(card: ModelCard) -> int:
    """Return the short side of inputs in pixels."""
    rule = card.resize
    return -(-rule.short_side // rule.divisor) * rule.divisor


def traced_shape(card: ModelCard) -> tuple[int, int, int, int]:
    """Return the shape with which a graph is traced."""
    small = 2 * card.resize.divisor
    return (1, 3, *(card.input_shape or (small, small)))


@torch.inference_mode()
def run_on_noise(model: nn.Module, card: ModelCard) -> Iterator[Sample]:
    """Yield samples of the traced shape and of others that the card allows.

    Args:
        model: A model of :func:`build_model` in eval mode.
        card: Card of the model.

    Raises:
        LitePoseError: The outputs of torch are not finite.
    """
    shapes, divisor = [traced_shape(card)], card.resize.divisor
    count = 2 if card.batch_limit is None else 1
    if card.input_shape is None:
        side = short_side(card)
        shapes += [(1, 3, side, side + divisor), (count, 3, 3 * divisor, 5 * divisor)]
    elif count > 1:
        shapes.append((count, 3, *card.input_shape))
    graph = deploy_graph(model, card)
    device, random = next(model.parameters()).device, np.random.default_rng(0)
    normalise = Normaliser(card)
    for count, _, height, width in shapes:
        noise = random.integers(0, 256, (count, height, width, 3), np.uint8)
        outputs = graph(torch.from_numpy(normalise(noise)).to(device))
        if not all(output.isfinite().all() for output in outputs):
            raise LitePoseError(BROKEN_OUTPUTS)
        yield Sample(noise, [output.cpu().numpy() for output in outputs])


def graph_fault(onnx_file: Path, samples: Sequence[Sample], card: ModelCard) -> str | None:
    """Run a graph of normalised images with ONNX Runtime and compare it with torch.

    Args:
        onnx_file: The graph in float32.
        samples: Inputs and the outputs of torch.
        card: Card of the graph.

    Returns:
        A description of the fault; None if there is none or ONNX Runtime is not installed.
    """
    if find_spec('onnxruntime') is None:
        return None
    from ..inference.engines.onnxruntime import open_session

    session, normalise = open_session(onnx_file.read_bytes(), threads=1), Normaliser(card)
    for sample in samples:
        inputs = normalise(sample.inputs)
        try:
            found = session.run(list(card.decoder.output_names), {'inputs': inputs})
        except Exception:  # an engine may raise any exception
            return f'it fails on inputs {sample.inputs.shape}'
        fault = _difference(found, sample, card.decoder, 'fp32')
        if fault is not None:
            return fault
    return None


def _difference(
    found: Sequence[np.ndarray], sample: Sample, decoder: Decoder, precision: str
) -> str | None:
    shape, largest = sample.inputs.shape, [np.abs(each).max() for each in sample.outputs]
    if precision != 'fp32':
        largest = [max(largest)] * len(largest)
    for name, own, expected, scale in zip(decoder.comparable_names, found, sample.outputs, largest):
        if own.shape != expected.shape:
            return (
                f'for inputs of shape {shape}, its {name} have the shape {own.shape} instead of '
                f'{expected.shape}'
            )
        apart = np.abs(own - expected).max() / max(scale, 1e-12)
        if not apart <= ROUNDING[precision]:
            return f'for inputs of shape {shape}, its {name} differ by {100 * apart:.3g} %'
    return None


def check_exported(folder: Path, card: ModelCard, samples: Sequence[Sample]) -> None:
    """Run an exported model, which its engine may refuse or compute wrongly.

    Raises:
        LitePoseError: The engine does so, or the outputs are not finite.
    """
    if not get_engine(card.engine).is_installed():
        return
    engine = load_engine(folder, card, threads=1)
    for sample in samples:
        outputs = engine.run(sample.inputs)
        if not all(np.isfinite(output).all() for output in outputs):
            raise LitePoseError(BROKEN_OUTPUTS)
        if card.precision not in ROUNDING:
            continue
        fault = _difference(outputs, sample, card.decoder, card.precision)
        if fault is not None:
            raise CannotExport(
                f'{card.engine} does not compute what torch computes: {fault}; use another input '
                'shape, engine or version of the engine'
            )
