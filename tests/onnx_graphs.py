"""ONNX graphs for tests."""

from onnx import TensorProto, helper, numpy_helper


def graph_of(nodes, shape, constants=None, outputs=('output',), opset=17):
    """An ONNX model with the float input ``inputs``."""
    return helper.make_model(
        helper.make_graph(
            nodes,
            'graph',
            [helper.make_tensor_value_info('inputs', TensorProto.FLOAT, shape)],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
            [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
        ),
        opset_imports=[helper.make_opsetid('', opset)],
        ir_version=10,  # newer ones are not read by every ONNX Runtime
    )
