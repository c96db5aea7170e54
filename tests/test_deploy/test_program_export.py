"""Programs of torch.export, for converters that read no ONNX."""

import importlib.util

import numpy as np
import pytest
import torch
from exported import tiny_estimator, torch_outputs

from litepose_mm.apis.description import describe
from litepose_mm.deploy.program_export import export_program
from litepose_mm.errors import LitePoseError
from litepose_mm.inference.engines import get_engine


def test_a_program_gives_torchs_maps_of_images():
    model = tiny_estimator().model
    program = export_program(model, describe(model, (64, 128)))
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 128, 3), np.uint8)
    outputs = program.module()(torch.from_numpy(images))
    for own, torchs in zip(outputs, torch_outputs(model, images), strict=True):
        np.testing.assert_allclose(own.detach(), torchs, atol=2e-5 * np.abs(torchs).max())


@pytest.mark.skipif(importlib.util.find_spec('litert_torch') is not None, reason='it is installed')
def test_the_converter_for_tflite_is_installed_by_its_name():
    with pytest.raises(LitePoseError, match='pip install litert-torch'):
        get_engine('tflite').check('fp32')
