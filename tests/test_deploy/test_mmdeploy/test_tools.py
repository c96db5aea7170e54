"""The tools for deployment, from weights to metrics and times."""

import re

import pytest
from processes import run_script
from test_mmpose_tools import small_config, weights  # noqa: F401  fixtures

from litepose_mm.utils.paths import config_path

DEPLOY_CONFIG = 'pose-detection_ae_onnxruntime_dynamic'


@pytest.mark.slow
def test_deploy_test_and_profile(small_config, weights, tmp_path):  # noqa: F811
    pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')
    configs = (config_path(DEPLOY_CONFIG), small_config)
    options = (*configs, weights, '0.jpg', '--work-dir', 'out')
    status, text = run_script('deployment/deploy.py', *options, cwd=tmp_path)
    assert status == 0, text[-2000:]
    for name in ('end2end.onnx', 'output_onnxruntime.jpg', 'output_pytorch.jpg'):
        assert (tmp_path / 'out' / name).stat().st_size

    status, text = run_script(
        'deployment/test.py', *configs, '--model', 'out/nope.onnx', cwd=tmp_path
    )
    line = text.splitlines()[-1]
    assert status == 2 and 'error: --model' in line and 'out/nope.onnx' in line
    status, text = run_script(
        'deployment/test.py', *configs, '--model', 'out/end2end.onnx', cwd=tmp_path
    )
    assert status == 0, text[-2000:]
    assert re.search(r'crowdpose/AR', text)

    options = ('--model', 'out/end2end.onnx', '--shape', '64x128', '--warmup', 1, '--num-iter', 3)
    status, text = run_script('deployment/profiler.py', *configs, tmp_path, *options, cwd=tmp_path)
    assert status == 0, text[-2000:]
    assert 'shape 64x128, 3 runs' in text


@pytest.mark.slow
def test_the_sdk_is_refused(small_config, weights, tmp_path):  # noqa: F811
    pytest.importorskip('mmdeploy', reason='mmdeploy is not installed: make mmdeploy')
    options = (config_path(DEPLOY_CONFIG), small_config, weights, '0.jpg', '--dump-info')
    status, text = run_script('deployment/deploy.py', *options, cwd=tmp_path)
    (line,) = (line for line in text.splitlines() if line.startswith('deploy.py: error'))
    assert status == 2 and 'SDK' in line and 'Traceback' not in text
