"""The tools for training and testing, on a toy and on a real config."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
import toy_training as toy
from mmengine.config import Config
from networks import TINY
from pipelines import ae_codec, ae_test_pipeline, ae_train_pipeline

from litepose_mm.errors import LitePoseError
from litepose_mm.structures import Skeleton
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.paths import config_path, mim_root
from litepose_mm.zoo import get_model

TOOLS = mim_root() / 'tools'


@pytest.fixture
def config(tmp_path):
    return write_config(tmp_path)


def write_config(folder, **changes):
    images = toy.write_images(folder / 'images')
    content = toy.config(images, folder / 'work', **changes)
    content.pop('experiment_name')
    content['test_dataloader'] = content['val_dataloader']
    content['test_evaluator'] = content['val_evaluator']
    content['test_cfg'] = {}
    Config(content).dump(folder / 'config.py')
    return folder / 'config.py'


def run(*command, cwd):
    environment = dict(os.environ, OMP_NUM_THREADS='1', PYTHONPATH=str(Path(toy.__file__).parent))
    environment['PATH'] = f'{Path(sys.executable).parent}{os.pathsep}{environment["PATH"]}'
    return subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True
    )


def train(*options, cwd, script='train.py'):
    return run(sys.executable, TOOLS / script, *options, cwd=cwd)


@pytest.mark.slow
def test_train_resume_and_test(config, tmp_path):
    result = train(config, '--seed', 3, '--cfg-options', 'train_cfg.max_epochs=2', cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    first = torch.load(tmp_path / 'work/epoch_2.pth', weights_only=True)
    assert first['meta']['seed'] == 3 and first['meta']['epoch'] == 2

    result = train(config, '--resume', cwd=tmp_path)
    assert result.returncode == 0 and 'resumed epoch: 2' in result.stdout + result.stderr

    # a fine-tuning that was killed before its first checkpoint; the last good state is none
    (tmp_path / 'other').mkdir()
    shutil.copy(tmp_path / 'work/epoch_2.pth', tmp_path / 'other/last_good_iter_3.pth')
    options = ['--work-dir', 'other', '--cfg-options', 'load_from=work/epoch_2.pth']
    result = train(config, '--resume', *options, 'train_cfg.max_epochs=1', cwd=tmp_path)
    assert result.returncode == 0 and 'other: no checkpoint to resume from' in result.stderr
    assert 'Load checkpoint from data-only://work/epoch_2.pth' in result.stdout + result.stderr

    metrics, dump = tmp_path / 'metrics.json', tmp_path / 'predictions.pkl'
    result = train(
        *(config, tmp_path / 'work/epoch_3.pth', '--out', metrics, '--dump', dump),
        cwd=tmp_path,
        script='test.py',
    )
    assert result.returncode == 0, result.stderr
    assert 0 < json.loads(metrics.read_text())['AP'] <= 1 and dump.stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize('num_workers', [0, 1])
def test_without_shared_memory(config, tmp_path, num_workers):
    """As in containers that have no /dev/shm: only workers need it, and one line says so."""
    without = ('unshare', '-rm', 'sh', '-c', 'mount -t tmpfs -o ro tmpfs /dev/shm && exec "$@"')
    if shutil.which('unshare') is None or run(*without, 'sh', 'true', cwd=tmp_path).returncode:
        pytest.skip('/dev/shm cannot be taken away from a process here')
    options = [f'train_dataloader.num_workers={num_workers}', 'train_cfg.max_epochs=1']
    options += ['train_dataloader.persistent_workers=False', 'val_dataloader.num_workers=0']
    command = (sys.executable, TOOLS / 'train.py', config, '--cfg-options', *options)
    result = run(*without, 'sh', *command, cwd=tmp_path)
    if num_workers == 0:
        assert result.returncode == 0, result.stderr
        assert (tmp_path / 'work/epoch_1.pth').exists()
    else:
        assert result.returncode == 2
        error = result.stderr[result.stderr.index('train.py: error: ') :]
        assert error.count('\n') == 1 and '/dev/shm' in error and 'num_workers=0' in error


@pytest.mark.slow
def test_two_processes(tmp_path):
    config = write_config(tmp_path)
    result = run(
        *('bash', TOOLS / 'dist_train.sh', config, 2, '--seed', 3),
        *('--cfg-options', 'train_dataloader.batch_size=1'),
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    checkpoint = torch.load(tmp_path / 'work/epoch_3.pth', weights_only=True)
    assert checkpoint['meta']['iter'] == 12
    (tmp_path / 'work/epoch_3.pth').write_bytes(b'')
    result = run('bash', TOOLS / 'dist_train.sh', config, 2, '--resume', cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert 'resumed epoch: 2' in result.stdout + result.stderr
    result = run(
        *('bash', TOOLS / 'dist_test.sh', config, tmp_path / 'work/epoch_3.pth', 2), cwd=tmp_path
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.slow
def test_non_finite_loss_in_one_of_two_processes(tmp_path):
    config = write_config(tmp_path)
    result = run(
        *('bash', TOOLS / 'dist_train.sh', config, 2),
        *('--cfg-options', 'model.nan_at=3', 'model.nan_rank=1', 'train_dataloader.batch_size=1'),
        cwd=tmp_path,
    )
    assert result.returncode != 0
    (line,) = [line for line in result.stderr.splitlines() if 'the loss is not finite' in line]
    assert line.startswith('train.py: error: ') and 'iteration 3' in line and 'loss = nan' in line
    assert len(re.findall(r'\d\.png', line)) == 1  # the other process' image was not to blame
    saved = torch.load(re.search(r'is in (\S+last_good_iter_2\.pth)', line)[1], weights_only=True)
    assert all(value.isfinite().all() for value in saved['state_dict'].values())


def bad_pickle(folder):
    (folder / 'bad.pth').write_bytes(b'nothing')
    return folder / 'bad.pth'


@pytest.mark.slow
@pytest.mark.parametrize(
    'script, options, message',
    [
        ('train.py', ['gone.py'], 'no config gone.py'),
        ('train.py', ['broken.py'], 'cannot read the config broken.py'),
        ('train.py', ['config.py', '--show'], 'default_hooks.visualization'),
        pytest.param(
            'train.py',
            ['config.py', '--amp', '--cfg-options', 'optim_wrapper.dtype=float16'],
            'expected bfloat16',
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason='there is one'),
        ),
        ('train.py', ['config.py', '--auto-scale-lr'], 'auto_scale_lr'),
        ('train.py', ['config.py', '--work-dir', '.'], 'expected another folder'),
        ('train.py', ['config.py', '--resume', 'gone.pth'], 'gone.pth: no such file'),
        ('train.py', ['config.py', '--resume', 'bad.pth'], 'bad.pth: not a checkpoint'),
        ('test.py', ['config.py', 'gone.pth'], 'gone.pth: no such file'),
        ('train.py', ['config.py', '--cfg-options', 'load_from=other.pth'], 'do not fit the model'),
        ('test.py', ['config.py', 'other.pth'], 'other.pth do not fit the model'),
        ('test.py', ['config.py', 'other.pth', '--dump', 'a.json'], '--dump: expected a .pkl'),
        ('test.py', ['config.py', 'other.pth', '--out', 'a.txt'], '--out: expected a .json'),
    ],
)
def test_bad_input_is_one_line(config, tmp_path, script, options, message):
    (tmp_path / 'broken.py').write_text('a = (')
    bad_pickle(tmp_path)
    torch.save(dict(state_dict={'a': torch.ones(1)}), tmp_path / 'other.pth')
    result = train(*options, cwd=tmp_path, script=script)
    assert result.returncode == 2, result.stderr
    line = result.stderr.splitlines()[-1]
    assert line.startswith(f'{script}: error: ') and message in line
    assert 'Traceback' not in result.stderr


@pytest.mark.parametrize('script', ['dist_train', 'dist_test', 'slurm_train', 'slurm_test'])
def test_shell_scripts_are_correct(script):
    assert run('bash', '-n', TOOLS / f'{script}.sh', cwd='.').returncode == 0
    assert os.access(TOOLS / f'{script}.sh', os.X_OK)


def test_slurm_passes_all_on(tmp_path):
    (tmp_path / 'srun').write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / 'srun').chmod(0o755)
    command = f'PATH={tmp_path}:$PATH GPUS=4 {TOOLS}/slurm_train.sh part job c.py "a b" --seed 1'
    output = run('bash', '-c', command, cwd=tmp_path).stdout
    assert '--ntasks=4 --ntasks-per-node=4' in output
    assert 'c.py --work-dir a b --launcher slurm --seed 1' in output


# --- a real config


@pytest.fixture
def pose_config(tmp_path):
    """LitePose on two images of noise with a person each."""
    base = config_path(get_model('litepose-xs_crowdpose').config)
    images, annotations = [], []
    rng = np.random.default_rng(0)
    for index in (1, 2):
        cv2.imwrite(str(tmp_path / f'{index}.jpg'), rng.integers(0, 255, (60, 80, 3), np.uint8))
        images.append(dict(id=index, file_name=f'{index}.jpg', width=80, height=60, crowdIndex=0.3))
        keypoints = np.concatenate([rng.uniform(5, 50, (14, 2)), np.full((14, 1), 2)], axis=1)
        annotations.append(
            dict(
                id=10 * index,
                image_id=index,
                category_id=1,
                iscrowd=0,
                num_keypoints=14,
                keypoints=keypoints.ravel().tolist(),
                bbox=[5, 5, 50, 50],
            )
        )
    categories = [dict(id=1, name='person', keypoints=[], skeleton=[])]
    document = dict(images=images, annotations=annotations, categories=categories)
    (tmp_path / 'ann.json').write_text(json.dumps(document))
    path = tmp_path / 'config.py'
    codec = ae_codec(input_size=(64, 64), decode_topk=3)
    path.write_text(f"""
_base_ = r'{base}'
custom_imports = dict(imports=['litepose_mm.modules'])
arch = dict(_delete_=True, **{TINY.to_dict()!r})
codec = {codec!r}
model = dict(backbone=dict(arch=arch), head=dict(arch=arch, decoder=codec))
data = dict(data_root=r'{tmp_path}', ann_file='ann.json', data_prefix=dict(img=''))
train_dataloader = dict(
    batch_size=2, num_workers=1, dataset=dict(pipeline={ae_train_pipeline(codec)!r}, **data))
val_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(pipeline={ae_test_pipeline(codec)!r}, **data))
test_dataloader = val_dataloader
val_evaluator = dict(ann_file=r'{tmp_path / 'ann.json'}')
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=2, val_interval=2)
default_hooks = dict(checkpoint=dict(type='SafeCheckpointHook', interval=1))
work_dir = r'{tmp_path / 'work'}'
""")
    return path


@pytest.mark.slow
def test_mmposes_own_script_trains_and_ours_tests(pose_config, tmp_path):
    import mmpose

    script = Path(mmpose.__file__).parent / '.mim/tools/train.py'
    result = run(sys.executable, '-m', 'litepose_mm.compat', script, pose_config, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    checkpoint = tmp_path / 'work/epoch_2.pth'
    result = train(pose_config, checkpoint, cwd=tmp_path, script='test.py')
    assert result.returncode == 0, result.stderr
    assert 'crowdpose/AP' in result.stdout + result.stderr

    from mmpose.apis import init_model

    model = init_model(str(pose_config), str(checkpoint), device='cpu')
    assert Skeleton.from_metainfo(model.dataset_meta).num_keypoints == 14


@pytest.mark.slow
@pytest.mark.parametrize(
    'changes, message',
    [
        (dict(keypoints=[1, 2]), 'ann.json: keypoint count: annotation 10: keypoints: expected'),
        (dict(keypoints=[9, float('nan'), 2] * 14), 'ann.json: keypoints: annotation 10: '),
    ],
)
def test_malformed_annotations_are_named(pose_config, tmp_path, changes, message):
    document = json.loads((tmp_path / 'ann.json').read_text())
    document['annotations'][0].update(changes)
    (tmp_path / 'ann.json').write_text(json.dumps(document))
    result = train(pose_config, cwd=tmp_path)
    assert result.returncode == 2, result.stderr
    line = result.stderr.splitlines()[-1]
    assert line.startswith('train.py: error: ') and message in line, line


@pytest.mark.slow
def test_browse_dataset(pose_config, tmp_path):
    result = train(
        *(pose_config, '--out-dir', tmp_path / 'images', '--num', 3),
        cwd=tmp_path,
        script='misc/browse_dataset.py',
    )
    assert result.returncode == 0, result.stderr
    images = sorted((tmp_path / 'images').iterdir())
    assert len(images) == 3
    # the input, two levels of heatmaps and one of tags side by side, with their captions
    assert cv2.imread(str(images[0])).shape == (60 + 384 + 8, 8 + 4 * (384 + 8), 3)

    (tmp_path / '2.jpg').write_bytes(b'')
    result = train(
        pose_config, '--out-dir', tmp_path, cwd=tmp_path, script='misc/browse_dataset.py'
    )
    assert result.returncode == 2 and '2.jpg (image id 2; annotation ids 20)' in result.stderr
    (tmp_path / 'ann.json').write_text('{')
    result = train(
        pose_config, '--out-dir', tmp_path, cwd=tmp_path, script='misc/browse_dataset.py'
    )
    assert result.returncode == 2
    assert 'ann.json: expected JSON' in result.stderr.splitlines()[-1]
    result = train('x.py', '--out-dir', tmp_path, cwd=tmp_path, script='misc/browse_dataset.py')
    assert result.returncode == 2 and 'no config x.py' in result.stderr


@pytest.fixture(scope='module')
def browser():
    """The module of the tool."""
    spec = importlib.util.spec_from_file_location('browse', TOOLS / 'misc/browse_dataset.py')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_browse_data_sets_within_others(browser, pose_config, tmp_path):
    config = read_config(pose_config)
    own = config.train_dataloader.dataset
    repeated = dict(type='RepeatDataset', dataset=own, times=2)
    config.train_dataloader.dataset = dict(type='ConcatDataset', datasets=[repeated, own])
    assert browser.browse(config, tmp_path / 'images', num=6, seed=0, stage=1) == 6
    names = sorted(path.stem for path in (tmp_path / 'images').iterdir())
    assert names == ['0000_1', '0001_2', '0002_1', '0003_2', '0004_1', '0005_2']


def test_browse_later_stages(browser, pose_config):
    config = read_config(pose_config)
    config.custom_hooks = [
        dict(
            type='PipelineSwitchHook',
            switch_epoch=epoch,
            switch_pipeline=ae_train_pipeline(ae_codec((side, side))),
        )
        for epoch, side in ((5, 96), (8, 128))
    ]
    sizes = [browser.training_data(config, stage)[0]['img'].shape for stage in (1, 2, 3)]
    assert sizes == [(64, 64, 3), (96, 96, 3), (128, 128, 3)]
    for stage in (0, 4):
        with pytest.raises(LitePoseError, match=f'expected 1 to 3 .*, got {stage}'):
            browser.training_data(config, stage)
