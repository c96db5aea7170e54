"""A model's graph as an ONNX file."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import LitePoseError, reason
from ..files import replacing
from ..models.utils.deploy_form import to_deploy_form

# Of the input and, for each kind of outputs, of those: the axes that a dynamic file leaves open.
_INPUT_AXES = {0: 'batch', 2: 'height', 3: 'width'}
_OUTPUT_AXES = {
    'maps': {
        'heatmaps': {0: 'batch', 2: 'heatmap_height', 3: 'heatmap_width'},
        'tags': {0: 'batch', 2: 'tag_height', 3: 'tag_width'},
    },
    'candidates': {'values': {0: 'batch'}, 'positions': {0: 'batch'}, 'tags': {0: 'batch'}},
}
# The first with all operators of our graphs, and the last that torch.onnx writes without a newer
# exporter. 17 is what every runtime reads.
_OPSETS = range(11, 21)


class DeployGraph(nn.Module):
    """``deploy_forward`` with its options as the ``forward`` that is traced."""

    def __init__(self, model: nn.Module, **options: Any):
        super().__init__()
        self.model, self.options = model, options

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.model.deploy_forward(inputs, **self.options))


@torch.no_grad()
def export_onnx(
    model: nn.Module,
    path: str | Path,
    *,
    input_shape: Sequence[int] = (1, 3, 256, 256),
    dynamic: bool = True,
    any_batch: bool = True,
    outputs: str = 'maps',
    deploy_form: bool = True,
    opset: int = 17,
    **options: Any,
) -> Path:
    """Writes a bottom-up model as ONNX; the file is whole and checked, or not there.

    The input is named ``inputs``, the outputs ``heatmaps`` and ``tags``, or ``values``,
    ``positions`` and ``tags``: see :meth:`MultiScaleBottomupPoseEstimator.deploy_forward`.

    Args:
        model: Bottom-up estimator with a :class:`MultiLevelAEHead`, on any device; it is left
            as it is.
        path: File to write.
        input_shape: ``(B, 3, H, W)`` of the input; with ``dynamic`` an example of it.
        dynamic: Whether batch, height and width are left open.
        any_batch: With ``dynamic``, whether the batch is, too.
        outputs: ``'maps'`` or ``'candidates'``.
        deploy_form: Whether layers are merged first, see :func:`to_deploy_form`.
        opset: Version of ONNX's operators, 11 to 20.
        options: The further ones of ``deploy_forward``: ``flip_test``, ``top_k`` and so on.

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
    if not hasattr(model, 'deploy_forward'):
        raise LitePoseError(
            'expected a MultiScaleBottomupPoseEstimator, which has deploy_forward, '
            f'got {type(model).__name__}'
        )
    shape = tuple(input_shape)
    if len(shape) != 4 or shape[1] != 3 or min(shape) < 1:
        raise LitePoseError(f'input_shape must be (batch, 3, height, width), got {shape}')
    if opset not in _OPSETS:
        raise LitePoseError(f'opset must be {_OPSETS[0]} to {_OPSETS[-1]}, got {opset}')

    form = to_deploy_form(model) if deploy_form else deepcopy(model).eval()
    inputs = torch.zeros(shape, device=next(form.parameters()).device)
    axes = {'inputs': _INPUT_AXES, **_OUTPUT_AXES.get(outputs, {})}  # deploy_forward refuses others
    names = list(axes)[1:]
    if not any_batch:
        axes = {name: {i: axis for i, axis in own.items() if i} for name, own in axes.items()}
    path = Path(path)
    with replacing(path) as part:
        with warnings.catch_warnings():
            # The TorchScript exporter says that it is one; the newer needs another package.
            warnings.simplefilter('ignore', DeprecationWarning)
            try:
                torch.onnx.export(
                    DeployGraph(form, outputs=outputs, **options).eval(),
                    (inputs,),
                    str(part),
                    input_names=['inputs'],
                    output_names=names,
                    dynamic_axes=axes if dynamic else None,
                    opset_version=opset,
                    dynamo=False,
                )
            except RuntimeError as error:
                raise LitePoseError(
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


def graph_options(
    model: nn.Module, outputs: str, flip_test: bool, flip_indices: Sequence[int]
) -> dict[str, Any]:
    """The options of a model's ``deploy_forward``, so that it gives what the model's codec wants.

    Args:
        model: Bottom-up estimator with a :class:`MultiLevelAEHead`.
        outputs: ``'maps'`` or ``'candidates'``.
        flip_test: Whether the graph looks at the mirrored picture too.
        flip_indices: The keypoint that each becomes in a mirror.
    """
    decoder = model.head.decoder.decoder(model.head.num_keypoints)
    return dict(
        outputs=outputs,
        flip_test=flip_test,
        flip_indices=flip_indices if flip_test else None,
        shift_heatmap=bool((model.test_cfg or {}).get('shift_heatmap')),
        top_k=decoder.top_k,
        nms_kernel=decoder.nms_kernel,
    )
