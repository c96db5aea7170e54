"""Store the weights of graphs in half precision, in one file that several graphs share."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from ..utils.files import replacing

# Biases that contain a batch normalisation can be large values that later cancel out, so they stay
# in full precision: in half, they caused 70 % of LitePose-XS's error. Small constants stay too.
_FEWEST_VALUES, _FEWEST_DIMENSIONS = 64, 2


def save_with_half_weights(graphs: Mapping[Path, onnx.ModelProto], weights: Path) -> None:
    """Write graphs whose weights are float16 in another file, and become float32 when loaded.

    Args:
        graphs: The graphs by the file to write, beside ``weights``; they are changed.
        weights: File for the weights, each of which is written once.
    """
    content, places = bytearray(), {}
    for model in graphs.values():
        for tensor in list(model.graph.initializer):
            values = numpy_helper.to_array(tensor)
            is_weight = values.size >= _FEWEST_VALUES and values.ndim >= _FEWEST_DIMENSIONS
            if values.dtype != np.float32 or not is_weight:
                continue
            half = values.astype(np.float16)
            if not np.isfinite(half).all():
                continue
            data = half.tobytes()
            if data not in places:
                places[data] = len(content)
                content += data
            _refer(model.graph, tensor, weights.name, places[data], len(data))
    with replacing(weights) as part:
        part.write_bytes(content)
    for path, model in graphs.items():
        with replacing(path) as part:
            part.write_bytes(model.SerializeToString())


def _refer(
    graph: onnx.GraphProto, tensor: TensorProto, file: str, offset: int, length: int
) -> None:
    """Replace a weight by a reference to a file, and a conversion to float32."""
    name, stored = tensor.name, f'{tensor.name}_half'
    tensor.ClearField('raw_data')
    tensor.ClearField('float_data')
    tensor.name, tensor.data_type = stored, TensorProto.FLOAT16
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (('location', file), ('offset', offset), ('length', length)):
        tensor.external_data.add(key=key, value=str(value))
    graph.node.insert(0, helper.make_node('Cast', [stored], [name], to=TensorProto.FLOAT))
