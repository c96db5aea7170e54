"""The machine as a device, and a cache of its own."""

import pytest

pytest.importorskip('tvm')
pytest.importorskip('onnx')

from litepose_mm.tvm.intrinsics import leave_out_tensor_intrinsics
from litepose_mm.tvm.targets import HOST, get_device

leave_out_tensor_intrinsics()


@pytest.fixture(scope='session')
def device():
    return get_device(HOST)


@pytest.fixture(autouse=True)
def _cache(tmp_path, monkeypatch):
    """Tests neither use nor change the user's tuned kernels."""
    monkeypatch.setenv('LITEPOSE_CACHE', str(tmp_path / 'cache'))
