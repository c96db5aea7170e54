from copy import deepcopy

import numpy as np
import pytest
from compiler import needs_compiler
from cpu_training.kernels import quicken
from exported import tiny_estimator

from litepose_mm.deploy import export_model
from litepose_mm.runtime import PoseEstimator


@needs_compiler
def test_a_network_that_trained_with_kernels_is_exported(tmp_path):
    for package in ('onnx', 'onnxruntime'):
        pytest.importorskip(package)
    model = tiny_estimator().model
    trained = deepcopy(model)
    assert quicken(trained)
    for network, name in ((model, 'plain'), (trained, 'trained')):
        export_model(network, None, tmp_path / name)
    inputs = np.random.default_rng(0).integers(0, 256, (1, 64, 128, 3), np.uint8)
    plain, other = (
        PoseEstimator(tmp_path / name).engine.run(inputs) for name in ('plain', 'trained')
    )
    for own, right in zip(other, plain, strict=True):
        np.testing.assert_allclose(own, right, rtol=1e-3, atol=1e-4)
