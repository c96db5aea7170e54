import pickle
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import toy_training as toy
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.models import build_pose_estimator

from litepose_mm.checkpoints import save_weights
from litepose_mm.engine.checkpoints.loading_schemes import DATA_ONLY, load_from_file_as_data
from litepose_mm.engine.hooks import SafeCheckpointHook
from litepose_mm.engine.optim_wrappers.cpu_amp_optim_wrapper import has_bfloat16
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.paths import config_path
from litepose_mm.zoo.shipped_weights import shipped_weights


@pytest.fixture
def images(tmp_path):
    return toy.write_images(tmp_path / 'images')


def load(path):
    return torch.load(path, weights_only=True)


def assert_same(one, other, name='checkpoint'):
    """Everything of two checkpoints is equal, bit by bit."""
    assert type(one) is type(other), name
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), name
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), name
        for key in one:
            assert_same(one[key], other[key], f'{name}.{key}')
    elif isinstance(one, (list, tuple)):
        assert len(one) == len(other), name
        for index, (a, b) in enumerate(zip(one, other)):
            assert_same(a, b, f'{name}[{index}]')
    else:
        assert one == other, name


def assert_same_training(work_dir, reference):
    ours, theirs = (load(Path(d) / 'epoch_3.pth') for d in (work_dir, reference))
    for key in ('state_dict', 'ema_state_dict', 'optimizer', 'param_schedulers'):
        assert_same(ours.get(key), theirs.get(key), key)
    curves = [c['message_hub']['log_scalars']['train/loss'] for c in (ours, theirs)]
    assert_same(*curves, 'the curve of the loss')
    scores = [c['message_hub']['runtime_info']['best_score'] for c in (ours, theirs)]
    assert_same(*scores, 'the best score')


def train_here(images, work_dir, **changes):
    torch.set_num_threads(1)
    runner = Runner.from_cfg(Config(toy.config(images, work_dir, **changes)))
    runner.train()
    return runner


def test_checkpoints_are_plain_data_and_resume(images, tmp_path):
    train_here(images, tmp_path / 'work', randomness=dict(seed=1))
    names = sorted(path.name for path in (tmp_path / 'work').glob('*.pth'))
    assert names[0].startswith('best_AP_epoch_')
    assert names[1:] == ['epoch_2.pth', 'epoch_3.pth']
    checkpoint = load(tmp_path / 'work/epoch_3.pth')
    assert len(checkpoint['message_hub']['log_scalars']['train/loss']['history_buffer']['values'])
    assert checkpoint['meta']['dataset_meta']['sigmas'] == [0.1, 0.2]

    (tmp_path / 'work/last_checkpoint').write_text(str(tmp_path / 'work/epoch_2.pth'))
    runner = train_here(images, tmp_path / 'work', resume=True, randomness=dict(seed=1))
    assert runner.iter == 12
    history = runner.message_hub.get_scalar('train/loss').data[0]
    assert len(history) == 12
    log = next((tmp_path / 'work').rglob(f'{runner.timestamp}.log')).read_text()
    assert 'dataset metainfo from the resumed checkpoint is different' not in log


def test_truncated_newest_checkpoint(images, tmp_path):
    work_dir = tmp_path / 'work'
    train_here(images, tmp_path / 'reference', randomness=dict(seed=1))
    train_here(images, work_dir, randomness=dict(seed=1))
    newest = work_dir / 'epoch_3.pth'
    newest.write_bytes(newest.read_bytes()[:3000])
    runner = train_here(images, work_dir, resume=True)
    log = next(work_dir.rglob(f'{runner.timestamp}.log')).read_text()
    (line,) = [line for line in log.splitlines() if 'cannot be used' in line]
    assert 'epoch_3.pth' in line and f'resuming from {work_dir / "epoch_2.pth"}' in line
    assert_same_training(work_dir, tmp_path / 'reference')


def test_damage_inside_is_noticed(images, tmp_path):
    train_here(images, tmp_path)
    content = bytearray((tmp_path / 'epoch_3.pth').read_bytes())
    position = content.find(load(tmp_path / 'epoch_3.pth')['state_dict']['conv.weight'].numpy())
    content[position + 5] ^= 255
    (tmp_path / 'epoch_3.pth').write_bytes(content)
    assert train_here(images, tmp_path, resume=True).iter == 12
    load(tmp_path / 'epoch_3.pth')


def test_no_checkpoint_is_whole(images, tmp_path):
    (tmp_path / 'epoch_1.pth').write_bytes(b'PK')
    with pytest.raises(LitePoseError, match='epoch_1.pth.* without resuming'):
        train_here(images, tmp_path, resume=True)


@pytest.mark.parametrize('pointer', ['', 'gone.pth', None])
def test_lost_pointer(images, tmp_path, pointer):
    train_here(images, tmp_path, train_cfg=dict(by_epoch=True, max_epochs=2))
    if pointer is None:
        (tmp_path / 'last_checkpoint').unlink()
    else:
        (tmp_path / 'last_checkpoint').write_text(pointer)
    runner = train_here(images, tmp_path, resume=True)
    log = next(tmp_path.rglob(f'{runner.timestamp}.log')).read_text()
    assert 'resumed epoch: 2' in log


@pytest.mark.parametrize('kind', ['plain', 'converted', 'best', 'of MMEngine'])
def test_weights_without_training_state_are_not_resumed_from(images, tmp_path, kind):
    """MMEngine fails for want of a key, or starts Adam and the learning rate anew."""
    content = toy.config(images, tmp_path / 'work', train_cfg=dict(by_epoch=True, max_epochs=1))
    path = tmp_path / 'weights.pth'
    if kind == 'plain':
        torch.save(toy.ToyModel().state_dict(), path)
    elif kind == 'converted':
        save_weights(toy.ToyModel().state_dict(), path, dict(source='authors'))
    else:
        if kind == 'of MMEngine':
            content['default_hooks']['checkpoint'] = dict(type='CheckpointHook', interval=1)
        Runner.from_cfg(Config(content)).train()
        path = next((tmp_path / 'work').glob('best_*.pth' if kind == 'best' else 'epoch_1.pth'))
    with pytest.raises(LitePoseError, match='.pth: expected a training state .*load_from'):
        train_here(images, tmp_path / 'other', resume=True, load_from=str(path))
    if kind == 'of MMEngine':
        with pytest.raises(LitePoseError, match='cannot resume in .*training state'):
            train_here(images, tmp_path / 'work', resume=True)


def test_run_without_schedulers_resumes(images, tmp_path):
    one_epoch = dict(by_epoch=True, max_epochs=1)
    train_here(images, tmp_path, param_scheduler=None, train_cfg=one_epoch)
    assert train_here(images, tmp_path, param_scheduler=None, resume=True).iter == 12


class Evil:
    def __reduce__(self):
        return print, ('evil was here',)


@pytest.mark.parametrize('resume', [False, True])
def test_executable_checkpoint_is_refused(images, tmp_path, resume, capsys):
    path = tmp_path / 'evil.pth'
    torch.save(dict(state_dict={}, meta=Evil()), path)
    with pytest.raises(LitePoseError, match='evil.pth: refused, .*run code'):
        train_here(images, tmp_path / 'work', resume=resume, load_from=str(path))
    with open(path, 'wb') as file:  # the form before torch 1.6
        pickle.dump(Evil(), file)
    with pytest.raises(LitePoseError, match='evil.pth'):
        train_here(images, tmp_path / 'work', resume=resume, load_from=str(path))
    assert 'evil was here' not in capsys.readouterr().out


@pytest.mark.parametrize('suffix', ['safetensors', 'pth'])
def test_load_from_plain_weights(images, tmp_path, suffix):
    """Files without ``state_dict``, for which MMEngine's EMAHook asks."""
    state = toy.ToyModel().state_dict()
    state['last.bias'] += 7
    path = tmp_path / f'w.{suffix}'
    if suffix == 'safetensors':
        pytest.importorskip('safetensors.torch').save_file(state, path)
    else:
        torch.save(state, path)
    content = toy.config(images, tmp_path / 'work', load_from=str(path))
    content['custom_hooks'] = [*content.get('custom_hooks', ()), dict(type='EMAHook')]
    runner = Runner.from_cfg(Config(content))
    runner.call_hook('before_run')
    runner.load_or_resume()
    assert torch.equal(runner.model.last.bias, state['last.bias'])


def test_load_from_mmengines_own_checkpoint(images, tmp_path):
    """Its logs are objects, which are left out."""
    content = toy.config(images, tmp_path / 'first')
    content['default_hooks']['checkpoint'] = dict(type='CheckpointHook', interval=1)
    Runner.from_cfg(Config(content)).train()
    path = str(tmp_path / 'first/epoch_3.pth')
    with pytest.raises(pickle.UnpicklingError):
        load(path)
    content = toy.config(images, tmp_path / 'second', load_from=path)
    runner = Runner.from_cfg(Config(content))
    runner.call_hook('before_run')
    runner.load_or_resume()
    expected = load_from_file_as_data(path)['state_dict']
    assert_same(dict(runner.model.state_dict()), expected)


@pytest.mark.parametrize('fits', [True, False])
def test_weights_of_another_model(images, tmp_path, fits):
    content = toy.config(images, tmp_path / 'work', load_from=str(tmp_path / 'w.pth'))
    runner = Runner.from_cfg(Config(content))
    state = {'something.weight': torch.ones(2)}
    if fits:
        name, value = next(iter(runner.model.state_dict().items()))
        state[name] = value
    torch.save(state, tmp_path / 'w.pth')
    if fits:
        runner.call_hook('before_run')
        assert 'fits only in part' in (next(tmp_path.rglob('*.log'))).read_text()
    else:
        with pytest.raises(LitePoseError, match='do not fit the model'):
            runner.call_hook('before_run')


def test_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    from litepose_mm.engine.checkpoints.atomic_file_backend import AtomicFileBackend

    backend = AtomicFileBackend()
    backend.put(b'old', tmp_path / 'file')

    def full(descriptor):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('os.fsync', full)
    with pytest.raises(LitePoseError, match='cannot write .*file: No space left'):
        backend.put(b'new', tmp_path / 'file')
    assert (tmp_path / 'file').read_bytes() == b'old'
    assert [path.name for path in tmp_path.iterdir()] == ['file']


def test_old_files_go_last(tmp_path):
    from litepose_mm.engine.checkpoints.atomic_file_backend import AtomicFileBackend

    backend = AtomicFileBackend()
    for name in 'abc':
        backend.put(b'', tmp_path / name)
    with backend.removals_last(lambda: {str(tmp_path / 'b')}):
        backend.remove(tmp_path / 'a')
        with backend.removals_last(lambda: set()):
            backend.remove(tmp_path / 'b')
        assert len(list(tmp_path.iterdir())) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ['b', 'c']


# --- killed for real

KILLS = {
    'in the first epoch': dict(type='KillHook', at=2),
    'in the second epoch': dict(type='KillHook', at=6),
    'after the last iteration of an epoch': dict(type='KillHook', at=8),
    'saving epoch 1': dict(type='KillWhileSavingHook', nth=1),
    'saving the best of epoch 1': dict(type='KillWhileSavingHook', nth=2),
    'saving epoch 1 again with its best': dict(type='KillWhileSavingHook', nth=3),
    'saving epoch 3': dict(type='KillWhileSavingHook', nth=7),
}


@pytest.fixture(scope='module', params=[0, 2], ids='{} workers'.format)
def workers_and_reference(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp('reference')
    images = toy.write_images(folder / 'images')
    content = config(images, folder / 'work', request.param)
    assert toy.run_apart(content) == [0]
    return request.param, images, folder / 'work'


def config(images, work_dir, workers, seed=3, kill=None, hooks=(), **changes):
    content = toy.config(images, work_dir, **changes)
    content['train_dataloader'].update(num_workers=workers, persistent_workers=workers > 0)
    if seed is not None:
        content['randomness'] = dict(seed=seed)
    content['custom_hooks'] += [*hooks, kill] if kill else hooks
    content['default_hooks']['checkpoint']['max_keep_ckpts'] = 1  # the hardest case
    return content


@pytest.mark.slow
@pytest.mark.parametrize('kill', KILLS)
def test_killed_run_resumes_to_equal_bits(workers_and_reference, tmp_path, kill):
    workers, images, reference = workers_and_reference
    killed = config(images, tmp_path, workers, kill=KILLS[kill])
    resumed = config(images, tmp_path, workers, resume=True)
    assert toy.run_apart(killed, resumed) == [-9, 0]
    assert_same_training(tmp_path, reference)
    assert not list(tmp_path.glob('.*part*'))


@pytest.mark.slow
@pytest.mark.parametrize(
    'switch_epoch, kill_at', [(2, 6), (1, 10)], ids=['before the switch', 'after the switch']
)
def test_averaged_weights_and_a_second_pipeline_resume(tmp_path, switch_epoch, kill_at):
    images = toy.write_images(tmp_path / 'images')
    second = [dict(type='ToyTransform', noise=1.0)]
    hooks = [
        dict(type='EMAHook', momentum=0.1, update_buffers=True),
        dict(type='PipelineSwitchHook', switch_epoch=switch_epoch, switch_pipeline=second),
    ]
    kill = dict(type='KillHook', at=kill_at)
    killed = config(images, tmp_path / 'work', 2, hooks=hooks, kill=kill)
    resumed = config(images, tmp_path / 'work', 2, hooks=hooks, resume=True)
    reference = config(images, tmp_path / 'reference', 2, hooks=hooks)
    assert toy.run_apart(killed, resumed, reference) == [-9, 0, 0]
    assert_same_training(tmp_path / 'work', tmp_path / 'reference')
    last = load(tmp_path / 'work/epoch_3.pth')
    assert not torch.equal(  # MMEngine has the average under state_dict
        last['state_dict']['conv.weight'], last['ema_state_dict']['module.conv.weight']
    )


@pytest.mark.slow
@pytest.mark.skipif(not has_bfloat16(), reason='the processor has no bfloat16')
def test_mixed_precision_and_kernels_resume(tmp_path):
    images = toy.write_images(tmp_path / 'images')
    changes = dict(
        hooks=[dict(type='CPUKernelsHook')],
        custom_imports=dict(imports=['cpu_training']),
        optim_wrapper=dict(type='CPUAmpOptimWrapper', optimizer=dict(type='Adam', lr=0.01)),
    )
    killed = config(images, tmp_path / 'work', 0, kill=dict(type='KillHook', at=6), **changes)
    resumed = config(images, tmp_path / 'work', 0, resume=True, **changes)
    reference = config(images, tmp_path / 'reference', 0, **changes)
    assert toy.run_apart(killed, resumed, reference) == [-9, 0, 0]
    assert_same_training(tmp_path / 'work', tmp_path / 'reference')


@pytest.mark.slow
def test_every_kind_of_worker_gives_the_same_training(tmp_path):
    images = toy.write_images(tmp_path / 'images')
    contents = [config(images, tmp_path / str(n), n) for n in (0, 1, 2)]
    fresh = config(images, tmp_path / 'fresh', 2)
    fresh['train_dataloader']['persistent_workers'] = False
    assert toy.run_apart(*contents, fresh) == [0] * 4
    for name in ('1', '2', 'fresh'):
        assert_same_training(tmp_path / name, tmp_path / '0')


@pytest.mark.slow
def test_repeated_samples_resume(tmp_path):
    images = toy.write_images(tmp_path / 'images')

    def repeated(work_dir, workers, **options):
        content = config(images, tmp_path / work_dir, workers, **options)
        loader = content['train_dataloader']
        loader['dataset'] = dict(type='RepeatDataset', times=2, dataset=loader['dataset'])
        return content

    killed = repeated('work', 2, kill=dict(type='KillHook', at=12))
    resumed = repeated('work', 1, resume=True)
    reference = repeated('reference', 0)
    assert toy.run_apart(killed, resumed, reference) == [-9, 0, 0]
    assert_same_training(tmp_path / 'work', tmp_path / 'reference')


@pytest.mark.slow
def test_run_with_a_seed_of_its_own_resumes(tmp_path):
    images = toy.write_images(tmp_path / 'images')
    kill = dict(type='KillHook', at=6)
    killed = config(images, tmp_path / 'work', 2, seed=None, kill=kill)
    resumed = config(images, tmp_path / 'work', 2, seed=None, resume=True)
    assert toy.run_apart(killed) == [-9]
    seed = load(tmp_path / 'work/epoch_1.pth')['meta']['seed']
    reference = config(images, tmp_path / 'reference', 2, seed=seed)
    assert toy.run_apart(resumed, reference) == [0, 0]
    assert_same_training(tmp_path / 'work', tmp_path / 'reference')


def test_load_from_names_weights_of_the_package():
    config = Config.fromfile(config_path('ae_litepose-xs_1xb16-50e_people-256x256'))
    model = build_pose_estimator(config.model)
    runner = SimpleNamespace(model=model, _load_from=config.load_from, _resume=False, logger=None)
    SafeCheckpointHook().before_run(runner)
    expected = shipped_weights()['litepose-xs_crowdpose'].path
    assert runner._load_from == f'{DATA_ONLY}{expected}'


def test_a_model_starts_from_weights_of_its_own(images, tmp_path):
    """MMEngine would train from random weights."""
    weights = {'other.weight': torch.ones(2)}
    torch.save(weights, tmp_path / 'w.pth')
    runner = Runner.from_cfg(Config(toy.config(images, tmp_path / 'work')))
    runner.model.init_cfg = dict(type='Pretrained', checkpoint=str(tmp_path / 'w.pth'))
    with pytest.raises(LitePoseError, match='w.pth do not fit the model: .* missing .conv.weight'):
        runner.train()
    torch.save(runner.model.state_dict(), tmp_path / 'w.pth')
    SafeCheckpointHook().before_train(runner)
