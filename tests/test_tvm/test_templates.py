"""Known schedules compute what the kernel computes, whatever its shape."""

import numpy as np
import pytest
import tvm
from onnx import helper
from onnx_graphs import graph_of

from litepose_mm.tvm.kernels import list_kernels, to_kernels
from litepose_mm.tvm.onnx_import import import_onnx
from litepose_mm.tvm.targets import DEVICES
from litepose_mm.tvm.templates import known_schedules

RANDOM = np.random.default_rng(0)
CONVOLUTIONS = {
    # channels in and out, groups, kernel, stride, height, width
    'pointwise': (32, 48, 1, 1, 1, 8, 12),
    'few channels': (16, 14, 1, 1, 1, 8, 8),
    'depthwise': (32, 32, 32, 7, 1, 16, 16),
    'depthwise with a stride': (32, 32, 32, 7, 2, 16, 16),
    'odd number of channels': (40, 40, 40, 5, 1, 8, 8),
    'prime width': (16, 32, 1, 3, 1, 8, 17),
    'stem': (3, 32, 1, 3, 2, 16, 16),
}


def kernel(inputs, outputs, groups, size, stride, height, width, device, residual=False):
    weight = RANDOM.normal(size=(outputs, inputs // groups, size, size)).astype(np.float32)
    nodes = [
        helper.make_node(
            'Conv',
            ['inputs', 'weight', 'bias'],
            ['sums'],
            group=groups,
            strides=[stride] * 2,
            pads=[size // 2] * 4,
        ),
        helper.make_node('Relu', ['sums'], ['output']),
    ]
    if residual:
        nodes.append(helper.make_node('Add', ['output', 'inputs'], ['added']))
    constants = dict(weight=weight, bias=np.ones(outputs, np.float32))
    model = graph_of(
        nodes, (1, inputs, height, width), constants, ['added' if residual else 'output']
    )
    module = to_kernels(import_onnx(model.SerializeToString()), device)
    return next(each for each in list_kernels(module, device) if 'conv' in each.name)


def outputs_of(module, target, arrays):
    arguments = [tvm.runtime.tensor(array) for array in arrays]
    tvm.driver.build(module, target=target)(*arguments)
    return arguments[-1].numpy()


#: With a residual where the layer keeps the shape.
CASES = [(name, False) for name in CONVOLUTIONS]
CASES += [(name, True) for name in ('depthwise', 'odd number of channels')]


@pytest.mark.parametrize('name, residual', CASES)
def test_convolutions(name, residual, device):
    shape = CONVOLUTIONS[name]
    one = kernel(*shape, device, residual)
    sides = [[int(side) for side in each.shape] for each in one.module['main'].params]
    arrays = [RANDOM.normal(size=side).astype(np.float32) for side in sides]
    expected = outputs_of(one.module, tvm.target.Target({'kind': 'llvm'}), arrays)
    schedules = list(known_schedules(one.module, device))
    assert len(schedules) > 3
    for schedule in schedules[:: max(1, len(schedules) // 6)]:
        found = outputs_of(schedule.mod, device.target, arrays)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize('name', sorted(set(DEVICES) - {'cuda'}))
def test_sums_stay_in_registers(name):
    """Each candidate of each processor has sums for a quarter to all of its registers."""
    device = DEVICES[name]
    shape = CONVOLUTIONS['depthwise']
    one = kernel(*shape, device)
    assert any(True for _ in known_schedules(one.module, device))


def test_a_kernel_without_sums_is_vectorised_and_parallel(device):
    model = graph_of([helper.make_node('Relu', ['inputs'], ['output'])], (1, 16, 8, 8))
    module = to_kernels(import_onnx(model.SerializeToString()), device)
    for each in list_kernels(module, device):
        (schedule,) = known_schedules(each.module, device)
        assert 'vectorized' in str(schedule.mod) and 'parallel' in str(schedule.mod)


def test_a_kernel_that_no_template_fits(device):
    model = graph_of([helper.make_node('GlobalAveragePool', ['inputs'], ['output'])], (1, 16, 8, 8))
    module = to_kernels(import_onnx(model.SerializeToString()), device)
    found = [list(known_schedules(each.module, device)) for each in list_kernels(module, device)]
    assert [] in found
