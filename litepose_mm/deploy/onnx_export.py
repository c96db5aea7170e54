"""A model's graph as an ONNX file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path

import torch

from ..decoding import Decoder
from ..errors import CannotExport, LitePoseError, reason
from ..models.utils.deploy_form import to_deploy_form
from ..models.utils.deploy_graph import DeployGraph
from ..utils.files import replacing

# The first with all operators of our graphs, and the last that torch.onnx writes without a newer
# exporter. 17 is what every runtime reads.
_OPSETS = range(11, 21)


@torch.no_grad()
def export_onnx(
    graph: DeployGraph,
    path: str | Path,
    *,
    input_shape: Sequence[int] = (1, 3, 256, 256),
    any_size: bool = True,
    any_batch: bool = True,
    deploy_form: bool = True,
    opset: int = 17,
) -> Path:
    """Writes a pose estimator as ONNX; the file is whole and checked, or not there.

    The input is named ``inputs``, the outputs as the graph's decoder names them.

    Args:
        graph: A pose estimator and what its graph gives, on any device; it is left as it is.
        path: File to write.
        input_shape: ``(B, 3, H, W)`` of the input; an example of it where sides are left open.
        any_size: Whether height and width are left open.
        any_batch: Whether the batch is.
        deploy_form: Whether layers are merged first, see :func:`to_deploy_form`.
        opset: Version of ONNX's operators, 11 to 20.

    Returns:
        The path.

    Raises:
        LitePoseError: The model, the shape or an option does not fit, a package is missing, or
            the file cannot be written.
    """
    try:
        import onnx
    except ImportError:
        raise LitePoseError(
            'writing ONNX needs the package onnx: pip install "litepose_mm[export]"'
        ) from None
    shape = tuple(input_shape)
    if len(shape) != 4 or shape[1] != 3 or min(shape) < 1:
        raise LitePoseError(f'input_shape must be (batch, 3, height, width), got {shape}')
    if opset not in _OPSETS:
        raise LitePoseError(f'opset must be {_OPSETS[0]} to {_OPSETS[-1]}, got {opset}')

    form = to_deploy_form(graph) if deploy_form else deepcopy(graph).eval()
    inputs = torch.zeros(shape, device=next(form.parameters()).device)
    names = list(graph.decoder.output_names)
    axes = _open_axes(graph.decoder, shape, any_size, any_batch)
    path = Path(path)
    with replacing(path) as part:
        with warnings.catch_warnings():
            # The TorchScript exporter says that it is one; the newer needs another package.
            warnings.simplefilter('ignore', DeprecationWarning)
            try:
                torch.onnx.export(
                    form,
                    (inputs,),
                    str(part),
                    input_names=['inputs'],
                    output_names=names,
                    dynamic_axes=axes or None,
                    opset_version=opset,
                    dynamo=False,
                )
            except RuntimeError as error:
                raise CannotExport(
                    f'the model cannot be exported for inputs of {shape}: '
                    f'{str(error).strip().splitlines()[0]}'
                ) from error
        try:
            onnx.checker.check_model(str(part), full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            raise LitePoseError(
                f'torch wrote an ONNX file that is not valid ({reason(error)}); take another '
                'opset, or other releases of torch and onnx'
            ) from error
    return path


def _open_axes(
    decoder: Decoder, shape: tuple[int, ...], any_size: bool, any_batch: bool
) -> dict[str, dict[int, str]]:
    """Of the input and the outputs, the axes that a file leaves open: those that change with it."""
    count, _, height, width = shape
    small = decoder.output_shapes(count, (height, width))
    large = decoder.output_shapes(
        count + any_batch, (height * (1 + any_size), width * (1 + any_size))
    )
    axes = {'inputs': {0: 'batch'} if any_batch else {}}
    if any_size:
        axes['inputs'].update({2: 'height', 3: 'width'})
    for name, one, other in zip(decoder.output_names, small, large):
        changing = {
            index: f'{name}_{index}'
            for index, sides in enumerate(zip(one, other))
            if sides[0] != sides[1] or (any_size and None in sides)
        }
        axes[name] = {**changing, 0: 'batch'} if any_batch else changing
    return {name: own for name, own in axes.items() if own}
