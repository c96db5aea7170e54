"""A search by gradient with the real tools: trained, killed and resumed, derived, and plotted."""

import json
import runpy
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner
from mmpose.models import build_pose_estimator
from searches import SPACE

import litepose_mm.modules  # noqa: F401
from litepose_mm.checkpoints import load_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.nas.differentiable import OperationCosts
from litepose_mm.utils.paths import config_path, mim_root

CONFIG = """
_base_ = {base!r}
search_space = dict(_delete_=True, **{space!r})
codec = dict(type='MSRAHeatmap', input_size=(32, 32), heatmap_size=(8, 8), sigma=1)
model = dict(
    cost=dict(_delete_=True, name='macs', weight=0.01, limit=6e5),
    backbone=dict(space=dict(_delete_=True, **{space!r})),
    head=dict(
        in_channels=12, deconv_out_channels=(8,), deconv_kernel_sizes=(4,), decoder=codec
    ),
)
train = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='RandomFlip', direction='horizontal'),
    dict(type='RandomBBoxTransform'),
    dict(type='TopdownAffine', input_size=(32, 32)),
    dict(type='GenerateTarget', encoder=codec),
    dict(type='PackPoseInputs'),
]
test = [
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=(32, 32)),
    dict(type='PackPoseInputs'),
]
loader = dict(batch_size=4, num_workers=0, persistent_workers=False)
scenes = dict(image_size=(64, 64), people=(1, 1), cache=False)
train_dataloader = dict(
    batch_sampler=dict(weight_share=0.75, warmup_epochs=1),
    dataset=dict(num_images=16, pipeline=train, **scenes),
    **loader,
)
val_dataloader = dict(dataset=dict(num_images=2, pipeline=test, **scenes), **loader)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=4, val_interval=4)
default_hooks = dict(visualization=dict(enable=False))
finetune = dict(train_cfg=dict(max_epochs=1, val_interval=1))
"""


@pytest.fixture(scope='module')
def config_file(tmp_path_factory):
    path = tmp_path_factory.mktemp('search') / 'search.py'
    base = config_path('td-hm_efficientpose-gradient-tiny_1xb32-24e_synthetic-128x128')
    path.write_text(CONFIG.format(base=str(base), space=SPACE))
    return path


def run(tool, *options):
    namespace = runpy.run_path(str(mim_root() / 'tools' / tool))
    output, errors = StringIO(), StringIO()
    with (
        patch.object(sys, 'argv', [tool, *map(str, options)]),
        redirect_stdout(output),
        redirect_stderr(errors),
    ):
        code = run_tool(namespace['main'])
    return SimpleNamespace(returncode=code, stdout=output.getvalue(), stderr=errors.getvalue())


class Killed(Exception):
    pass


def train(config_file, work_dir, kill_at=None, resume=False):
    """Train; ``kill_at`` is the iteration before which everything is lost but the files."""
    init_default_scope('mmpose')
    config = Config.fromfile(config_file)
    config.update(work_dir=str(work_dir), resume=resume, randomness=dict(seed=0))
    runner = Runner.from_cfg(config)
    if kill_at is not None:
        step = runner.model.train_step

        def killed(*args, **kwargs):
            if runner.iter == kill_at:
                raise Killed
            return step(*args, **kwargs)

        runner.model.train_step = killed
    runner.train()
    return runner


@pytest.fixture(scope='module')
def trained(config_file, tmp_path_factory):
    folder = tmp_path_factory.mktemp('uninterrupted')
    return train(config_file, folder), folder


def test_epochs_have_steps_on_weights_and_then_on_the_architecture(trained):
    runner, folder = trained
    assert runner.iter == runner.max_iters == 3 + 3 * 4
    record = json.loads((folder / 'architecture.json').read_text())
    assert [entry['epoch'] for entry in record] == [1, 2, 3, 4]
    first, *others = (entry['probabilities'] for entry in record)
    assert all(len(set(block.values())) == 1 for block in first)  # warmed up: still uniform
    assert all(before != after for before, after in zip([first, *others], others))
    assert [entry['temperature'] for entry in record] == pytest.approx([1, 1, 0.5**0.5, 0.5])
    assert [list(block) for block in first][1] == ['K5_E4', 'K3_E4', 'K5_E2', 'K3_E2', 'skip']


def test_resumed_equals_uninterrupted(trained, config_file, tmp_path):
    """Killed in the steps on the architecture of the third epoch, after more than one resume."""
    for kill_at, resume in ((10, False), (13, True)):
        with pytest.raises(Killed):
            train(config_file, tmp_path, kill_at, resume)
    train(config_file, tmp_path, resume=True)
    uninterrupted = trained[1]
    contents = [
        torch.load(folder / 'epoch_4.pth', weights_only=True)
        for folder in (tmp_path, uninterrupted)
    ]
    for name in ('state_dict', 'optimizer'):
        torch.testing.assert_close(*(each[name] for each in contents), rtol=0, atol=0)
    assert contents[0]['param_schedulers'] == contents[1]['param_schedulers']
    assert any('alpha' in name for name in contents[0]['state_dict'])
    records = [(folder / 'architecture.json').read_text() for folder in (tmp_path, uninterrupted)]
    assert records[0] == records[1]


def test_networks_are_derived_and_train(trained, config_file, tmp_path):
    checkpoint = trained[1] / 'epoch_4.pth'
    result = run('nas/derive.py', config_file, checkpoint, '--out-dir', tmp_path, '--samples', 2)
    assert result.returncode == 0, result.stderr
    for name in ('best', 'sample_0', 'sample_1'):
        assert f'| {name} | ' in (tmp_path / 'derived.md').read_text()
        config = Config.fromfile(tmp_path / f'{name}.py')
        assert config.train_cfg.max_epochs == 1 and not config.custom_hooks
        network = build_pose_estimator(config.model)
        load_weights(network, tmp_path / f'{name}.pth')
        assert network.backbone.arch.to_dict() == json.loads(
            (tmp_path / f'{name}.json').read_text()
        )
    config.work_dir = str(tmp_path / 'retrained')
    Runner.from_cfg(config).train()

    result = run(
        *('nas/derive.py', config_file, checkpoint, '--out-dir', tmp_path / 'remapped'),
        *('--chain', tmp_path / 'best.pth'),
    )
    assert result.returncode == 0, result.stderr
    result = run('nas/derive.py', config_file, checkpoint, '--out-dir', tmp_path, '--limit', 10)
    assert result.returncode == 2 and 'expected a limit of macs that the cheap' in result.stderr
    # A derived network is none that derives, and the other way round.
    for config, weights in (
        (tmp_path / 'best.py', tmp_path / 'best.pth'),
        (config_file, tmp_path / 'best.pth'),
    ):
        result = run('nas/derive.py', config, weights, '--out-dir', tmp_path)
        assert result.returncode == 2 and result.stderr.count('\n') == 1
    with pytest.raises(LitePoseError, match='got those of a supernet'):
        load_weights(network, checkpoint)


def test_plot(trained, tmp_path):
    record = trained[1] / 'architecture.json'
    result = run('analysis_tools/plot_architecture.py', record, '--out', tmp_path / 'plot.png')
    assert result.returncode == 0, result.stderr
    assert (tmp_path / 'plot.png').read_bytes()[:4] == b'\x89PNG'
    (tmp_path / 'other.json').write_text('[{"epoch": 1}]')
    result = run(
        'analysis_tools/plot_architecture.py', tmp_path / 'other.json', '--out', tmp_path / 'a.png'
    )
    assert result.returncode == 2 and 'expected the architecture.json' in result.stderr


def test_a_table_of_latencies(config_file, tmp_path):
    """The times are those of a machine on which an operation takes what it computes."""
    from litepose_mm.analysis.complexity import measure_complexity
    from litepose_mm.nas import NetworkTimer

    def timer(self, networks):
        times = []
        for network, shape in networks:
            network = getattr(network, 'model', network)
            layers = list(network.parameters())
            macs = measure_complexity(network, shape[1:]).macs if layers else 0
            times.append(0.1 + 1e-5 * macs)
        return times

    out = tmp_path / 'latency.json'
    with patch.object(NetworkTimer, '__call__', timer):
        result = run('nas/cost_table.py', config_file, '--out', out, '--engine', 'torch')
    assert result.returncode == 0, result.stderr
    table = OperationCosts.load(out)
    config = Config.fromfile(config_file)
    config.model.cost = dict(table=str(out), engine='torch', threads=1, weight=1, limit=10)
    model = build_pose_estimator(config.model)
    counted = OperationCosts.count(model, 'macs', (32, 32))
    for choices in ([0] * 5, [3, 4, 3, 4, 4], [1, 2, 0, 1, 4]):
        # The first term stands for the network as a whole.
        assert table.of(choices) == pytest.approx(0.1 + 1e-5 * counted.of(choices))
    config.model.cost.engine = 'openvino'
    with pytest.raises(LitePoseError, match='expected the engine openvino, got one of torch'):
        build_pose_estimator(config.model)


def test_only_a_search_has_a_table(tmp_path):
    config = config_path('td-hm_efficientpose-supernet-tiny_1xb32-24e_synthetic-128x128')
    result = run('nas/cost_table.py', config, '--out', tmp_path / 'latency.json')
    assert result.returncode == 2 and 'the config of a search by gradient' in result.stderr


@pytest.mark.parametrize(
    'change, message',
    [
        (dict(temperature=(1.0, 0.0)), 'two positive temperatures'),
        (dict(temperature=(1.0,)), 'two positive temperatures'),
    ],
)
def test_impossible_temperatures(change, message):
    from litepose_mm.engine.hooks import DifferentiableSearchHook

    with pytest.raises(LitePoseError, match=message):
        DifferentiableSearchHook(**change)


def test_batches_that_are_not_in_turns_are_refused(config_file, tmp_path):
    config = Config.fromfile(config_file)
    config.update(work_dir=str(tmp_path))
    config.train_dataloader.batch_sampler = None
    with pytest.raises(LitePoseError, match='train_dataloader.batch_sampler: expected .*Alternat'):
        Runner.from_cfg(config).train()
