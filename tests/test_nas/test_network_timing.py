import pytest
import torch
from supernets import LARGEST, SPACE

from litepose_mm.errors import LitePoseError
from litepose_mm.inference.engines import engines
from litepose_mm.nas import NetworkTimer, layers_of_space
from litepose_mm.nas.network_layers import network_layers
from litepose_mm.nas.network_timing import deployed

ENGINES = [name for name, engine in engines().items() if engine.can_time]


def test_layers_are_what_they_say():
    for layer in layers_of_space(SPACE, 5)[::20]:
        inputs = torch.zeros(1, layer.in_channels, layer.height, layer.width)
        (rows, columns), shape = layer.out_size, deployed(layer)(inputs).shape
        assert shape == (1, layer.out_channels, rows, columns)


@pytest.mark.parametrize('engine', ENGINES)
def test_time(engine):
    pytest.importorskip(engine)
    pytest.importorskip('onnx')
    timer = NetworkTimer(engine, rounds=3)
    first, *_, last = network_layers(LARGEST, 5)
    assert timer.layer(first) > 0 and timer.layer(last) > 0
    wide = torch.nn.Conv2d(64, 64, 7, padding=3)
    assert timer((wide, (1, 64, 128, 128)))[0] > 5 * timer.layer(first)


def test_engines_that_are_not_there(monkeypatch):
    assert {'torch', 'onnxruntime', 'openvino'} <= set(ENGINES)
    for name in ('tvm', 'ncnn'):
        with pytest.raises(LitePoseError, match=f'onnxruntime.*got {name!r}'):
            NetworkTimer(name)
    monkeypatch.setitem(__import__('sys').modules, 'onnxruntime', None)
    with pytest.raises(LitePoseError, match=r'onnxruntime is not installed: .*\[export,runtime\]'):
        NetworkTimer('onnxruntime')
