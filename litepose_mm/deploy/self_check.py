"""Whether what was exported calculates what torch does, for all that its card promises."""

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

# Of the largest value of an output. Rounding in float32 was seen to cost a hundredth of it. What
# lower precisions may cost is a matter of images, but outputs that are all wrong are seen here;
# int8 is compared with its own graph.
ROUNDING = {'fp32': 1e-3, 'fp16': 0.5, 'bf16': 0.5}


class Sample(NamedTuple):
    """An input of noise, and what torch makes of it."""

    inputs: np.ndarray
    outputs: list[np.ndarray]


def short_side(card: ModelCard) -> int:
    """Of most inputs, in pixels."""
    return -(-card.short_side // card.size_divisor) * card.size_divisor


def traced_shape(card: ModelCard) -> tuple[int, int, int, int]:
    """The shape that a graph is traced with."""
    small = 2 * card.size_divisor
    return (1, 3, *(card.input_shape or (small, small)))


@torch.inference_mode()
def run_on_noise(model: nn.Module, card: ModelCard) -> Iterator[Sample]:
    """Samples of the shape that a graph is traced with, and of others that it promises.

    Args:
        model: What :func:`build_model` returned, in evaluation mode.
        card: What is promised of it.

    Raises:
        LitePoseError: The outputs of torch are not finite.
    """
    shapes, divisor = [traced_shape(card)], card.size_divisor
    count = 2 if card.batch_limit is None else 1
    if card.input_shape is None:
        side = short_side(card)
        shapes += [(1, 3, side, side + divisor), (count, 3, 3 * divisor, 5 * divisor)]
    elif count > 1:
        shapes.append((count, 3, *card.input_shape))
    graph = deploy_graph(model, card)
    device, random = next(model.parameters()).device, np.random.default_rng(0)
    for shape in shapes:
        noise = random.standard_normal(shape, dtype=np.float32)
        outputs = graph(torch.from_numpy(noise).to(device))
        if not all(output.isfinite().all() for output in outputs):
            raise LitePoseError(BROKEN_OUTPUTS)
        yield Sample(noise, [output.cpu().numpy() for output in outputs])


def graph_fault(onnx_file: Path, samples: Sequence[Sample], decoder: Decoder) -> str | None:
    """What ONNX Runtime finds wrong with a graph.

    Args:
        onnx_file: The graph in float32.
        samples: What torch makes of inputs.
        decoder: Of the graph.

    Returns:
        A few words; None where it finds nothing, or is not installed.
    """
    if find_spec('onnxruntime') is None:
        return None
    from ..inference.engines.onnxruntime import cpu_session

    session = cpu_session(onnx_file.read_bytes(), threads=1)
    for sample in samples:
        try:
            found = session.run(list(decoder.output_names), {'inputs': sample.inputs})
        except Exception:  # an engine raises what it likes
            return f'it fails on inputs {sample.inputs.shape}'
        fault = _difference(found, sample, decoder, 'fp32')
        if fault is not None:
            return fault
    return None


def _difference(
    found: Sequence[np.ndarray], sample: Sample, decoder: Decoder, precision: str
) -> str | None:
    for name, own, expected in zip(decoder.comparable_names, found, sample.outputs):
        shape = sample.inputs.shape
        if own.shape != expected.shape:
            return f'its {name} of inputs {shape} are {own.shape}, those of torch {expected.shape}'
        apart = np.abs(own - expected).max() / max(np.abs(expected).max(), 1e-12)
        if not apart <= ROUNDING[precision]:
            return f'its {name} of inputs {shape} of noise are {100 * apart:.3g} % apart'
    return None


def check_exported(folder: Path, card: ModelCard, samples: Sequence[Sample]) -> None:
    """Runs what was exported: an engine can refuse what its converter wrote, or get it wrong.

    Raises:
        LitePoseError: It does, or the outputs are not finite.
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
                f'{card.engine} does not calculate what torch does: {fault}; take another shape, '
                'engine or release of it'
            )
