"""Write the graph of a model as an ONNX file."""

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

# From the first opset with all operators of our graphs to the last one of torch's tracing exporter.
# Every engine reads opset 17.
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
    """Write the graph of a pose estimator as ONNX; the file is complete and checked, or missing.

    The input is named ``inputs``; the graph's decoder names the outputs.

    Args:
        graph: The graph, on any device; it is not changed.
        path: File to write.
        input_shape: Shape ``(B, 3, H, W)`` of the input, or an example if sizes are open.
        any_size: Whether height and width are open.
        any_batch: Whether the batch size is open.
        deploy_form: Whether layers are merged first, see :func:`to_deploy_form`.
        opset: Version of ONNX's operators, 11 to 20.

    Returns:
        The path of the file.

    Raises:
        LitePoseError: The model, the shape or an option does not fit, a package is missing, or
            the file cannot be written.
    """
    try:
        import onnx
    except ImportError:
        raise LitePoseError('onnx is not installed: pip install "litepose_mm[export]"') from None
    shape = tuple(input_shape)
    if len(shape) != 4 or shape[1] != 3 or min(shape) < 1:
        raise LitePoseError(f'input_shape: expected (batch, 3, height, width), got {shape}')
    if opset not in _OPSETS:
        raise LitePoseError(f'opset: expected {_OPSETS[0]} to {_OPSETS[-1]}, got {opset}')

    form = to_deploy_form(graph) if deploy_form else deepcopy(graph).eval()
    inputs = torch.zeros(shape, device=next(form.parameters()).device)
    names = list(graph.decoder.output_names)
    axes = _open_axes(graph.decoder, shape, any_size, any_batch)
    path = Path(path)
    with replacing(path) as part:
        with warnings.catch_warnings():
            # The tracing exporter is deprecated, but the newer one needs another package.
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
                f'torch wrote an invalid ONNX file ({reason(error)}); use another opset, or other '
                'releases of torch and onnx'
            ) from error
    return path


def _open_axes(
    decoder: Decoder, shape: tuple[int, ...], any_size: bool, any_batch: bool
) -> dict[str, dict[int, str]]:
    """Return the open axes of the input, and the axes of the outputs that change with them."""
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
