"""projects/narrowing: the method, and the tool."""

import json
import os
import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from networks import TINY, litepose_config
from supernets import supernet_config

from litepose_mm.checkpoints import load_weights, save_weights
from litepose_mm.errors import LitePoseError
from litepose_mm.nas import calibrate, copy_subnet, sort_channels
from litepose_mm.utils.paths import config_path
from projects.narrowing.narrowing import narrow

WIDE = replace(
    TINY,
    input_channel=16,
    deconv_setting=(24, 16, 16),
    stages=tuple(replace(stage, channel=stage.channel + 8) for stage in TINY.stages),
)
K = 5


def network(arch, seed):
    """A network whose normalisation is no identity."""
    torch.manual_seed(seed)
    model = build_pose_estimator(litepose_config(arch, K)).eval()
    for name, tensor in model.state_dict().items():
        if name.endswith('running_var') or name.endswith('bn.weight'):
            tensor.uniform_(0.5, 1.5)
        elif name.endswith('running_mean') or name.endswith('bn.bias'):
            tensor.uniform_(-0.2, 0.2)
    return model


@torch.no_grad()
def maps(model, images):
    return model.head(model.backbone(images))


def error(model, images, targets):
    """Mean squared error of all levels, relative to the variance."""
    return sum(
        float((own - target).square().mean() / target.var())
        for own, target in zip(maps(model, images), targets)
    )


@pytest.fixture(scope='module')
def images():
    # Smooth, so that there is something to see at every stride.
    noise = torch.randn(12, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.interpolate(noise, size=(128, 128), mode='bicubic')


def test_a_network_of_the_same_widths_is_the_same(images):
    wide, small = network(WIDE, 0), network(WIDE, 1)
    targets = maps(wide, images)
    assert error(small, images, targets) > 0.5
    narrow(wide, small, images)
    assert error(small, images, targets) < 1e-2


def test_a_narrower_network_computes_more_of_it_than_a_slice(images):
    wide, small = network(WIDE, 0), network(TINY, 1)
    before = deepcopy(wide.state_dict())
    targets = maps(wide, images)
    narrow(wide, small, images)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), wide.state_dict().values()))
    fitted = error(small, images, targets)

    supernet = build_pose_estimator(supernet_config(WIDE, kernel_sizes=(), num_keypoints=K)).eval()
    supernet.load_state_dict(wide.state_dict())
    sort_channels(supernet)
    slice_ = network(TINY, 1)
    copy_subnet(supernet, slice_)
    calibrate(slice_, [images], lambda batch: maps(slice_, batch))
    assert fitted < 0.6 * error(slice_, images, targets)
    # The statistics are those of the images.
    assert error(small.train(), images, targets) == pytest.approx(fitted, rel=0.05)


@pytest.mark.parametrize(
    ('arch', 'message'),
    [
        (replace(WIDE, input_channel=24), r'expected at most \(16, 32, 1, 1\)'),
        (replace(TINY, stages=TINY.stages[:-1]), 'is not in the narrow network'),
        (
            replace(
                TINY,
                stages=(
                    *TINY.stages[:-1],
                    replace(
                        TINY.stages[-1],
                        block_setting=TINY.stages[-1].block_setting + ((6, 7),),
                    ),
                ),
            ),
            'is not in the wide network',
        ),
    ],
)
def test_only_widths_may_differ(arch, message, images):
    small = network(arch, 1)
    before = deepcopy(small.state_dict())
    with pytest.raises(LitePoseError, match=message):
        narrow(network(WIDE, 0), small, images)
    assert all(torch.equal(a, b) for a, b in zip(before.values(), small.state_dict().values()))


CONFIG = """
_base_ = {base!r}
model = dict(
    backbone=dict(arch={arch!r}), head=dict(arch={arch!r}, num_keypoints=14)
)
train_dataloader = dict(
    batch_size=2, num_workers=0, persistent_workers=False, dataset=dict(num_images=4)
)
"""


@pytest.mark.slow
def test_tool(tmp_path):
    tool = Path(__file__).resolve().parents[2] / 'projects/narrowing/narrow.py'
    base = str(config_path('ae_litepose-xs_1xb8-13e_synthetic-256x256'))
    configs = {}
    for name, arch in (('wide', WIDE), ('small', TINY)):
        (tmp_path / f'{name}.json').write_text(json.dumps(arch.to_dict()))
        configs[name] = tmp_path / f'{name}.py'
        text = CONFIG.format(base=base, arch=str(tmp_path / f'{name}.json'))
        configs[name].write_text(text)
    weights, out = tmp_path / 'wide.pth', tmp_path / 'narrowed.pth'
    wide = build_pose_estimator(Config.fromfile(configs['wide']).model)
    save_weights(wide.state_dict(), weights, {})

    def run(*command):
        environment = dict(os.environ, OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore')
        return subprocess.run(
            [sys.executable, tool, *map(str, command), '--images', '4'],
            env=environment,
            capture_output=True,
            text=True,
        )

    result = run(configs['small'], configs['wide'], weights, '--out', out)
    assert result.returncode == 0, result.stderr
    assert 'narrowed with 4 images' in result.stdout
    load_weights(build_pose_estimator(Config.fromfile(configs['small']).model), out)
    # the other way round
    result = run(configs['wide'], configs['small'], out, '--out', tmp_path / 'no.pth')
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'expected at most' in result.stderr and not (tmp_path / 'no.pth').exists()
