"""A supernet is trained, searched, and a network taken out of it: with the real tools."""

import json
import os
import re
import runpy
import subprocess
import sys
from contextlib import redirect_stderr
from dataclasses import replace
from functools import partial
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import torch
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from pipelines import ae_codec, ae_test_pipeline, ae_train_pipeline
from supernets import LARGEST

import litepose_mm.modules  # noqa: F401
from litepose_mm.checkpoints import load_weights, read_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.families.litepose import get_architecture
from litepose_mm.nas import (
    LatencyPredictor,
    NetworkCosts,
    copy_subnet,
    load_supernet,
    sort_channels,
    subnet_model,
)
from litepose_mm.utils.paths import config_path, mim_root

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
_base_ = {base!r}
load_from = None
search_space = dict(
    family='litepose', largest={arch!r}, img_sizes=[64, 32], ratios=[1, 0.5], kernel_sizes=[7, 3],
    depths=[[2, 1], [2], [3, 2], [2]],
)
codec = {codec!r}
model = dict(
    backbone=dict(arch={arch!r}, kernel_sizes=[7, 3]), head=dict(arch={arch!r}, decoder=codec)
)
scenes = dict(num_images=4, image_size=(64, 64), people=(1, 2))
loader = dict(batch_size=2, num_workers=0, persistent_workers=False)
train_dataloader = dict(
    dataset=dict(pipeline={train!r}, **scenes), **loader
)
val_dataloader = dict(dataset=dict(pipeline={test!r}, **scenes), **loader)
test_dataloader = val_dataloader
search_dataloader = dict(dataset=dict(pipeline={test!r}, **scenes), **loader)
train_cfg = dict(max_epochs=1, val_interval=1)
custom_hooks = [
    dict(type='SortChannelsHook'),
    dict(type='ArchitectureSamplingHook', space=search_space, samples=2),
    dict(
        type='SubnetValidationHook',
        space=search_space,
        subnets=[0.5, 'smallest'],
        calibration_batches=1,
    ),
]
default_hooks = dict(visualization=dict(enable=False))
finetune = dict(train_cfg=dict(max_epochs=2))
alone = dict(train_cfg=dict(max_epochs=3))
"""


def run(*command):
    environment = dict(os.environ, OMP_NUM_THREADS='1', PYTHONWARNINGS='ignore')
    return subprocess.run(
        [sys.executable, *map(str, command)], env=environment, capture_output=True, text=True
    )


def run_here(tool, *options):
    """The same within this process, which saves the imports."""
    namespace = runpy.run_path(str(tool))
    errors = StringIO()
    with (
        patch.object(sys, 'argv', [str(tool), *map(str, options)]),
        redirect_stderr(errors),
    ):
        try:
            code = run_tool(namespace['main'])
        except SystemExit as error:  # of argparse
            code = error.code
    return SimpleNamespace(returncode=code, stderr=errors.getvalue())


@pytest.fixture(scope='module')
def trained(tmp_path_factory):
    """Config and checkpoint of a supernet that was trained for two steps."""
    folder = tmp_path_factory.mktemp('supernet')
    base = config_path('ae_litepose-supernet-s_1xb8-6e_synthetic-192x192')
    config = folder / 'config.py'
    arch = folder / 'largest.json'
    arch.write_text(json.dumps(LARGEST.to_dict()))
    codec = ae_codec(input_size=(64, 64))
    train = ae_train_pipeline(codec, use_segments=False)
    fields = dict(base=str(base), arch=str(arch), codec=codec)
    config.write_text(CONFIG.format(train=train, test=ae_test_pipeline(codec), **fields))
    result = run(mim_root() / 'tools/train.py', config, '--seed', 0, '--work-dir', folder / 'work')
    assert result.returncode == 0, result.stderr
    for network in ('', '0.5/', 'smallest/'):
        assert f' {network}synthetic/AP: ' in result.stdout
    assert (folder / 'work/best_synthetic_AP_epoch_1.pth').exists()
    return config, folder / 'work/epoch_1.pth'


def search(trained, folder, *options, launch=(), run=run):
    tool = mim_root() / 'tools/nas/search.py'
    sizes = ['--population', 4, '--parents', 2, '--calibration-batches', 1]
    return run(*launch, tool, *trained, '--work-dir', folder, *sizes, *options)


@pytest.mark.slow
def test_search_and_extraction(trained, tmp_path):
    limit = 2e6
    options = ['--limit', f'paper_macs={limit}', '--generations', 1]
    result = search(trained, tmp_path / 'search', *options)
    assert result.returncode == 0, result.stderr
    best = tmp_path / 'search/best.json'
    arch = get_architecture(str(best))
    costs = NetworkCosts(load_supernet(*trained)[1])
    assert costs.complexity(arch).paper_macs <= limit
    report = (tmp_path / 'search/search.md').read_text()
    assert '**best**' in report and 'paper_macs at most 2e+06' in report
    assert (tmp_path / 'search/search.png').stat().st_size > 5000
    config = Config.fromfile(tmp_path / 'search/best.py')
    assert build_pose_estimator(config.model).backbone.arch == arch
    assert config.model.head.decoder.input_size == (arch.img_size, arch.img_size)
    # the same command goes on, here with one more generation
    result = search(trained, tmp_path / 'search', *options[:3], 2)
    assert 'continuing after' in result.stdout and 'generation 2' in result.stdout
    assert len(list((tmp_path / 'search').glob('generation_*.json'))) == 3

    # not with other scores, and a broken state is passed over
    result = search(trained, tmp_path / 'search', *options[:3], 2, '--calibration-batches', 2)
    assert result.returncode == 2 and 'calibration_batches differs' in result.stderr
    (tmp_path / 'search/generation_0003.json').write_text('cut')
    result = search(trained, tmp_path / 'search', *options[:3], 2)
    assert 'generation_0002.json' in result.stdout and 'generation 2' in result.stdout

    out = tmp_path / 'found.pth'
    tool = mim_root() / 'tools/nas/extract_subnet.py'
    arch = get_architecture(str(best))
    options = ['--out', out, '--calibration-batches', 1, '--evaluate']
    result = run(tool, *trained, best, *options)
    assert result.returncode == 0, result.stderr
    assert 'synthetic/AP' in result.stdout
    meta = read_weights(out).meta
    assert meta['arch'] == json.loads(best.read_text())
    network = build_pose_estimator(subnet_model(Config.fromfile(trained[0]).model, arch))
    load_weights(network, out)
    # its own config fine-tunes it from there
    result = run(
        mim_root() / 'tools/train.py', out.with_suffix('.py'), '--work-dir', tmp_path / 'w'
    )
    assert result.returncode == 0, result.stderr
    assert re.search(rf'Load checkpoint from \S*{re.escape(str(out))}', result.stdout)
    assert '[2][2/2]' in result.stdout
    with torch.no_grad():
        assert network.head(network.backbone(torch.zeros(1, 3, 64, 64)))[1].shape[1] == 14


@pytest.mark.slow
def test_a_rival_is_a_part_of_what_the_supernet_starts_from(trained, tmp_path):
    out = tmp_path / 'rival.pth'
    options = ['--out', out, '--calibration-batches', 1, '--alone']
    result = run(mim_root() / 'tools/nas/extract_subnet.py', *trained, 'largest.json', *options)
    assert (result.returncode, result.stderr.count('\n')) == (2, 1), result.stderr
    rival = replace(LARGEST, stages=(*LARGEST.stages[:3], replace(LARGEST.stages[3], channel=24)))
    arch = tmp_path / 'rival.json'
    arch.write_text(json.dumps(rival.to_dict()))
    tool = mim_root() / 'tools/nas/extract_subnet.py'
    assert 'expected one of' in run(tool, *trained, arch, *options[:-1]).stderr  # not in the space
    result = run(tool, *trained, arch, *options)
    assert result.returncode == 0, result.stderr
    config = Config.fromfile(out.with_suffix('.py'))
    assert (config.train_cfg.max_epochs, config.load_from) == (3, str(out))
    network, sliced = (build_pose_estimator(config.model) for _ in range(2))
    load_weights(network, out)
    _, supernet = load_supernet(*trained)
    sort_channels(supernet)
    copy_subnet(supernet, sliced)
    expected = sliced.state_dict()
    for name, tensor in network.named_parameters():
        assert torch.equal(tensor, expected[name])


@pytest.mark.slow
def test_processes_share_a_search(trained, tmp_path):
    options = ['--limit', 'paper_macs=2e6', '--generations', 1]
    alone = search(trained, tmp_path / 'alone', *options)
    assert alone.returncode == 0, alone.stderr
    launch = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', 2]
    together = search(trained, tmp_path / 'both', *options, '--launcher', 'pytorch', launch=launch)
    assert together.returncode == 0, together.stderr
    assert together.stdout.count('generation 1: ') == 1
    states = [
        json.loads((tmp_path / folder / 'generation_0002.json').read_text())
        for folder in ('alone', 'both')
    ]
    assert states[0] == states[1]


@pytest.mark.slow
def test_search_under_a_latency(trained, tmp_path):
    path = tmp_path / 'latency.json'
    tool = mim_root() / 'tools/nas/latency_predictor.py'
    sizes = ['--engine', 'torch', '--networks', 8, '--rounds', 1]
    result = run(tool, trained[0], '--out', path, *sizes)
    assert result.returncode == 0, result.stderr
    assert '8 networks of ' in result.stdout and 'rank correlation' in result.stdout
    fitted = LatencyPredictor.load(path)
    assert fitted.conditions['engine'] == 'torch' and fitted.conditions['networks'] == 8
    # Weights that are the same on every machine.
    predictor = LatencyPredictor((1.0, 1.0, 1.0, 0.1), fitted.space)
    predictor.save(path)
    costs = NetworkCosts(load_supernet(*trained)[1])
    limit = predictor(costs, LARGEST) / 2
    options = ['--latency-predictor', path, '--generations', 0]
    result = search(trained, tmp_path / 'search', '--limit', f'latency={limit}', *options)
    assert result.returncode == 0, result.stderr
    best = get_architecture(str(tmp_path / 'search/best.json'))
    assert predictor(costs, best) <= limit


@pytest.mark.slow
def test_ranking(trained, tmp_path):
    tool, work = ROOT / 'projects/ranking/ranking.py', tmp_path / 'ranking'
    options = ['--work-dir', work, '--calibration-batches', 1]
    result = run(tool, *trained, *options, '--networks', 2, '--trained', 'litepose-s=none.pth')
    assert result.returncode == 2 and 'architecture: ' in result.stderr
    largest = trained[0].parent / 'largest.json'
    result = run(tool, *trained, *options, '--trained', f'{largest}=none.pth')
    assert result.returncode == 2 and 'none.pth: no such file' in result.stderr
    assert not (work / 'network_00').exists()
    options += ['--networks', 3, '--start', trained[1], '--limit', 'paper_macs=2e6']
    result = run(tool, *trained, *options)
    assert result.returncode == 0, result.stderr
    (start,) = work.glob('network_02_from_*.pth')
    log = (work / 'network_02.log').read_text()
    assert re.search(rf'Load checkpoint from \S*{re.escape(str(start))}', log)
    assert '3 networks: ' in result.stdout and 'rank correlation' in result.stdout
    rows = json.loads((work / 'ranking.json').read_text())['networks']
    assert [row['name'] for row in rows] == ['network_00', 'network_01', 'network_02']
    assert max(row['paper_macs'] for row in rows) <= 2e6
    assert (work / 'network_02/epoch_3.pth').exists()
    assert (work / 'ranking.png').stat().st_size > 5000
    # what was trained from another start does not count
    result = run(tool, *trained, *options[:-4], '--limit', 'paper_macs=2e6')
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'network_00: expected a run of this config' in result.stderr


@pytest.mark.slow
def test_bad_input_is_one_line(trained, tmp_path):
    search_here = partial(search, run=run_here)
    result = search(trained, tmp_path, '--limit', 'paper_macs=1')  # a whole process
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'limit of paper_macs that the smallest network of the space meets' in result.stderr
    plain = config_path('ae_litepose-xs_1xb8-13e_synthetic-256x256')
    result = search_here((plain, trained[1]), tmp_path, '--limit', 'paper_macs=1e9')
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'of a supernet' in result.stderr
    result = search_here(trained, tmp_path, '--limit', 'latency=1')
    assert result.returncode == 2 and 'expected --latency-predictor FILE' in result.stderr
    tool = mim_root() / 'tools/nas/extract_subnet.py'
    result = run_here(tool, *trained, 'litepose-s', '--out', tmp_path / 'found.pth')
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'block_setting[0][0]: expected 2 in this search space, got 6' in result.stderr
    result = run_here(
        tool, *trained, trained[0].parent / 'largest.json', '--out', tmp_path / 'found.py'
    )
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'expected a name that ends in .pth' in result.stderr and not list(tmp_path.iterdir())
    result = search_here(trained, tmp_path, '--limit', 'seconds=1')
    assert result.returncode == 2 and 'style_macs, latency' in result.stderr
    # each limit counts
    result = search(
        trained, tmp_path, '--limit', 'paper_macs=1', '--limit', 'params=1e9', run=run_here
    )
    assert result.returncode == 2 and 'limit of paper_macs' in result.stderr
    limit = ['--limit', 'paper_macs=1e9']
    result = search_here(trained, tmp_path, *limit, '--device', 'gpu')
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert "'gpu' is not available" in result.stderr
    result = search(
        trained, tmp_path, *limit, '--cfg-options', 'search_space=litepose-xs', run=run_here
    )
    assert (result.returncode, result.stderr.count('\n')) == (2, 1)
    assert 'search_space does not fit the model: ' in result.stderr
