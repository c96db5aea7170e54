"""Import an ONNX graph into TVM with channels last, which its CPU schedules prefer.

TVM's own importer keeps the channels first. Its pass that changes layouts does not know ``clip``
and so surrounds every ReLU6 with transposes (TVM 0.27).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import tvm
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from tvm import relax
from tvm.relax import op

Value = Any  # np.ndarray for what is constant, else relax.Expr

#: From the axes of NCHW to those of NHWC, and back.
_TO_LAST, _TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)

_IMPORTERS: dict[str, Callable[..., Any]] = {}


def import_onnx(file: str | Path | bytes) -> tvm.IRModule:
    """Returns a network for one image as the function ``main`` of a Relax module.

    Arrays of four axes are computed with the channels last; the input and the outputs keep ONNX's
    order of axes. Operators without an importer here are left to TVM's importer, and then the
    whole network has its channels first.

    Args:
        file: ONNX file, or its contents, with one input of any batch size and otherwise fixed
            shape.

    Raises:
        ValueError: The size of the input is open.
        Exception: TVM does not know an operator either.
    """
    model = onnx.load_from_string(file) if isinstance(file, bytes) else onnx.load(file)
    (source,) = model.graph.input
    sides = source.type.tensor_type.shape.dim
    sides[0].dim_value = 1
    if any(side.dim_value < 1 for side in sides):
        raise ValueError('expected an ONNX graph with a fixed input shape, got an open one')
    try:
        return _ChannelsLast(model).module
    except NotImplementedError:
        from tvm.relax.frontend.onnx import from_onnx

        module = from_onnx(model, keep_params_in_input=False)
        return relax.transform.DecomposeOpsForInference()(module)


def _importer(kind: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        _IMPORTERS[kind] = function
        return function

    return register


class _ChannelsLast:
    """Imports the nodes one by one; what depends only on constants is computed at once."""

    def __init__(self, model: onnx.ModelProto) -> None:
        graph, self._opsets = model.graph, model.opset_import
        self._values: dict[str, Value] = {'': None}
        for each in graph.initializer:
            self._values[each.name] = numpy_helper.to_array(each)
        (source,) = graph.input
        shape = [side.dim_value for side in source.type.tensor_type.shape.dim]
        argument = relax.Var(source.name, relax.TensorType(shape, 'float32'))
        self.builder = relax.BlockBuilder()
        with self.builder.function('main', [argument]):
            with self.builder.dataflow():
                self._values[source.name] = self.emit(op.permute_dims(argument, _TO_LAST))
                for node in graph.node:
                    self._import(node)
                results = [self._channels_first(self._values[each.name]) for each in graph.output]
                output = self.builder.emit_output(relax.Tuple(results))
            self.builder.emit_func_output(output)
        self.module = self.builder.finalize()

    def _import(self, node: onnx.NodeProto) -> None:
        inputs = [self._values[name] for name in node.input]
        if node.op_type == 'Shape' and not isinstance(inputs[0], np.ndarray):
            start, end = (_attributes(node).get(key) for key in ('start', 'end'))
            found: Any = [np.array(self.shape(inputs[0])[slice(start, end)], np.int64)]
        elif all(each is None or isinstance(each, np.ndarray) for each in inputs):
            found = self._evaluate(node, inputs)
        elif node.op_type in _IMPORTERS:
            found = self._call(_IMPORTERS[node.op_type], node, inputs)
        else:
            raise NotImplementedError(node.op_type)
        for name, value in zip(node.output, found if isinstance(found, list) else [found]):
            self._values[name] = value

    def _call(
        self, importer: Callable[..., Any], node: onnx.NodeProto, inputs: Sequence[Value]
    ) -> Any:
        attributes = _attributes(node)
        try:
            inspect.signature(importer).bind(self, *inputs, **attributes)
        except TypeError as error:  # e.g. antialias, which the importer does not know
            raise NotImplementedError(f'{node.op_type}: {error}') from error
        return importer(self, *inputs, **attributes)

    def _evaluate(self, node: onnx.NodeProto, inputs: Sequence[Value]) -> Any:
        given = dict(zip(node.input, inputs))
        given.pop('', None)
        kinds = [
            helper.make_tensor_value_info(
                name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape
            )
            for name, value in given.items()
        ]
        results = [helper.make_empty_tensor_value_info(name) for name in node.output]
        graph = helper.make_graph([node], 'constant', kinds, results)
        model = helper.make_model(graph, opset_imports=self._opsets)
        return ReferenceEvaluator(model).run(None, given)

    def emit(self, value: relax.Expr) -> relax.Var:
        """Adds an operation and returns its result."""
        return self.builder.emit(value)

    def shape(self, value: Value) -> tuple[int, ...]:
        """Returns the shape in ONNX's order of axes."""
        if isinstance(value, np.ndarray):
            return value.shape
        sides = tuple(int(side) for side in value.ty.shape)
        return tuple(sides[axis] for axis in _TO_FIRST) if len(sides) == 4 else sides

    def axis(self, axis: int, value: Value) -> int:
        """Returns where an axis in ONNX's order lies."""
        rank = len(self.shape(value))
        return _TO_FIRST[axis] if rank == 4 else axis % rank

    def expression(self, value: Value, rank: int = 0) -> relax.Expr:
        """Returns a value as an expression; a constant takes the rank of what it is added to."""
        if not isinstance(value, np.ndarray):
            return value
        if rank == 4 and value.ndim:
            value = value.reshape((1,) * (4 - value.ndim) + value.shape)
        if value.ndim == 4:
            value = np.ascontiguousarray(value.transpose(_TO_LAST))
        return relax.const(value)

    def _channels_first(self, value: Value) -> relax.Expr:
        value = self.expression(value)
        if len(value.ty.shape) == 4:
            value = op.permute_dims(value, _TO_FIRST)
        return self.emit(value)


def _attributes(node: onnx.NodeProto) -> dict[str, Any]:
    found = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    return {
        name: value.decode() if isinstance(value, bytes) else value for name, value in found.items()
    }


@_importer('Conv')
def _conv(
    to: _ChannelsLast,
    data: Value,
    weight: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    kernel_shape: Sequence[int] = (),
    strides: Sequence[int] = (1, 1),
    pads: Sequence[int] = (0, 0, 0, 0),
    dilations: Sequence[int] = (1, 1),
    group: int = 1,
    auto_pad: str = 'NOTSET',
) -> Value:
    if not isinstance(weight, np.ndarray) or weight.ndim != 4 or auto_pad != 'NOTSET':
        raise NotImplementedError('Conv with computed weights, other axes or automatic padding')
    result = op.nn.conv2d(
        to.expression(data),
        relax.const(np.ascontiguousarray(weight.transpose(2, 3, 1, 0))),
        strides=tuple(strides),
        padding=tuple(pads),
        dilation=tuple(dilations),
        groups=group,
        data_layout='NHWC',
        kernel_layout='HWIO',
    )
    result = to.emit(result)
    return result if bias is None else to.emit(op.add(result, relax.const(bias)))


def _binary(function: Callable[..., Any], to: _ChannelsLast, left: Value, right: Value) -> Value:
    rank = max(len(to.shape(left)), len(to.shape(right)))
    return to.emit(function(to.expression(left, rank), to.expression(right, rank)))


for _kind, _function in (
    ('Add', op.add),
    ('Sub', op.subtract),
    ('Mul', op.multiply),
    ('Div', op.divide),
):
    _IMPORTERS[_kind] = partial(_binary, _function)


@_importer('Identity')
def _identity(to: _ChannelsLast, data: Value) -> Value:
    return data


@_importer('Relu')
def _relu(to: _ChannelsLast, data: Value) -> Value:
    return to.emit(op.nn.relu(data))


@_importer('Sigmoid')
def _sigmoid(to: _ChannelsLast, data: Value) -> Value:
    return to.emit(op.sigmoid(data))


@_importer('Elu')
def _elu(to: _ChannelsLast, data: Value, *, alpha: float = 1.0) -> Value:
    negative = op.exp(op.minimum(data, relax.const(0.0, 'float32')))
    negative = op.subtract(negative, relax.const(1.0, 'float32'))
    if alpha != 1:
        negative = op.multiply(negative, relax.const(alpha, 'float32'))
    return to.emit(op.add(op.nn.relu(data), negative))


@_importer('Clip')
def _clip(
    to: _ChannelsLast,
    data: Value,
    low: np.ndarray | None = None,
    high: np.ndarray | None = None,
) -> Value:
    limits = [
        float(limit) if limit is not None else default
        for limit, default in ((low, -np.inf), (high, np.inf))
    ]
    return to.emit(op.clip(data, *limits))


@_importer('Concat')
def _concat(to: _ChannelsLast, *values: Value, axis: int) -> Value:
    rank = max(len(to.shape(value)) for value in values)
    parts = [to.expression(value, rank) for value in values]
    at = _TO_FIRST[axis] if rank == 4 else axis
    return parts[0] if len(parts) == 1 else to.emit(op.concat(parts, axis=at))


@_importer('Split')
def _split(
    to: _ChannelsLast,
    data: Value,
    sizes: np.ndarray | None = None,
    *,
    axis: int = 0,
    num_outputs: int | None = None,
) -> list[Value]:
    if sizes is None:
        raise NotImplementedError('Split into equal parts')
    ends = [int(end) for end in np.cumsum(sizes)]
    parts = to.emit(op.split(data, ends[:-1], axis=to.axis(axis, data)))
    return [to.emit(relax.TupleGetItem(parts, index)) for index in range(len(ends))]


@_importer('Slice')
def _slice(
    to: _ChannelsLast,
    data: Value,
    starts: np.ndarray,
    ends: np.ndarray,
    axes: np.ndarray | None = None,
    steps: np.ndarray | None = None,
) -> Value:
    sides = to.shape(data)
    axes = np.arange(len(starts)) if axes is None else axes
    steps = np.ones(len(starts), np.int64) if steps is None else steps
    lists: list[list[int]] = [[], [], [], []]
    for axis, start, end, step in zip(axes, starts, ends, steps):
        first, last, stride = slice(int(start), int(end), int(step)).indices(sides[axis])
        # slice(-1, -huge, -1) ends before the first element, at -1, which TVM reads from the end.
        last = last if last >= 0 else -sides[axis] - 1
        for values, value in zip(lists, (to.axis(int(axis), data), first, last, stride)):
            values.append(value)
    return to.emit(op.strided_slice(data, *lists))


@_importer('Gather')
def _gather(to: _ChannelsLast, data: Value, indices: np.ndarray, *, axis: int = 0) -> Value:
    if indices.ndim != 1:
        raise NotImplementedError('Gather with indices that change the number of axes')
    indices = indices % to.shape(data)[axis]
    return to.emit(op.take(data, relax.const(indices), axis=to.axis(axis, data)))


@_importer('Pad')
def _pad(
    to: _ChannelsLast,
    data: Value,
    pads: np.ndarray,
    value: np.ndarray | None = None,
    axes: np.ndarray | None = None,
    *,
    mode: str = 'constant',
) -> Value:
    rank = len(to.shape(data))
    if mode != 'constant' or axes is not None or rank != 4:
        raise NotImplementedError(f'Pad in the mode {mode}')
    pairs = [int(each) for axis in _TO_LAST for each in (pads[axis], pads[axis + 4])]
    return to.emit(op.nn.pad(data, pairs, 'constant', 0.0 if value is None else float(value)))


@_importer('GlobalAveragePool')
def _global_average_pool(to: _ChannelsLast, data: Value) -> Value:
    return to.emit(op.mean(data, axis=[1, 2], keepdims=True))


@_importer('DepthToSpace')
def _depth_to_space(to: _ChannelsLast, data: Value, *, blocksize: int, mode: str = 'DCR') -> Value:
    _, channels, height, width = to.shape(data)
    side, depth = blocksize, channels // blocksize**2
    if mode == 'CRD':
        data = op.permute_dims(
            op.reshape(data, (1, height, width, depth, side, side)), (0, 1, 4, 2, 5, 3)
        )
    else:
        data = op.permute_dims(
            op.reshape(data, (1, height, width, side, side, depth)), (0, 1, 3, 2, 4, 5)
        )
    return to.emit(op.reshape(data, (1, height * side, width * side, depth)))


@_importer('Resize')
def _resize(
    to: _ChannelsLast,
    data: Value,
    roi: np.ndarray | None = None,
    scales: np.ndarray | None = None,
    sizes: np.ndarray | None = None,
    *,
    mode: str = 'nearest',
    coordinate_transformation_mode: str = 'half_pixel',
    nearest_mode: str = 'round_prefer_floor',
    cubic_coeff_a: float = -0.75,
) -> Value:
    shape = to.shape(data)
    if scales is not None and scales.size:
        sizes = np.floor(np.array(shape) * scales).astype(np.int64)
    if (
        sizes is None
        or tuple(sizes[:2]) != shape[:2]
        or mode not in ('nearest', 'linear')
        or coordinate_transformation_mode not in ('half_pixel', 'asymmetric', 'align_corners')
        or nearest_mode not in ('floor', 'ceil', 'round_prefer_floor')
    ):
        raise NotImplementedError('Resize other than the usual ones in the plane')
    return to.emit(
        op.image.resize2d(
            data,
            (int(sizes[2]), int(sizes[3])),
            layout='NHWC',
            method='nearest_neighbor' if mode == 'nearest' else mode,
            coordinate_transformation_mode=coordinate_transformation_mode,
            rounding_method=nearest_mode if mode == 'nearest' else '',
        )
    )
