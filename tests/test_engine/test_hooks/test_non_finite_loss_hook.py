import re
import time
from pathlib import Path

import pytest
import torch
import toy_training as toy
from mmengine.config import Config
from mmengine.dist import get_rank
from mmengine.runner import Runner
from processes import run_together

from litepose_mm.engine.hooks import NonFiniteLossError


@pytest.fixture
def images(tmp_path):
    return toy.write_images(tmp_path / 'images')


def runner_of(images, work_dir, nan_at=None, nan_rank=None, **changes):
    changes.setdefault('randomness', dict(seed=1))
    content = toy.config(images, work_dir, **changes)
    content['model'].update(nan_at=nan_at, nan_rank=nan_rank)
    return Runner.from_cfg(Config(content))


def test_stops_before_the_step_and_saves_the_state(images, tmp_path):
    runner = runner_of(images, tmp_path / 'work', nan_at=7)
    with pytest.raises(NonFiniteLossError) as error:
        runner.train()
    message = str(error.value)
    assert '\n' not in message
    assert 'iteration 7 (epoch 2)' in message and 'loss = nan' in message
    assert len(re.findall(r'images/\d\.png \(id \d\)', message)) == 2
    saved = torch.load(re.search(r'is in (\S+last_good_iter_6\.pth)', message)[1])
    assert saved['meta']['iter'] == 6

    class Stop(Exception):
        pass

    # the state is that of a run stopped there by itself, running statistics included
    reference = runner_of(images, tmp_path / 'reference')

    def stop(data_batch, optim_wrapper):
        if reference.iter == 6:
            raise Stop
        return type(reference.model).train_step(reference.model, data_batch, optim_wrapper)

    reference.model.train_step = stop
    with pytest.raises(Stop):
        reference.train()
    for name, value in reference.model.state_dict().items():
        if value.is_floating_point():
            assert torch.equal(saved['state_dict'][name], value), name


def test_weights_lost_by_a_gradient(images, tmp_path):
    runner = runner_of(images, tmp_path / 'work')
    step = runner.model.train_step
    calls = []

    def poisoned(*args, **options):
        outputs = step(*args, **options)
        calls.append(1)
        if len(calls) == 6:
            runner.model.last.weight.data.fill_(float('inf'))
        return outputs

    runner.model.train_step = poisoned
    with pytest.raises(NonFiniteLossError, match='the weights are lost; the last .*epoch_1.pth'):
        runner.train()


def test_hooks_are_removed(images, tmp_path):
    runner = runner_of(images, tmp_path / 'work')
    runner.train()
    assert not runner.model._forward_hooks and not runner.model._forward_pre_hooks


def stop_of_one_of_two(images, work_dir):
    """The message of this process, and whether the saved state was there when it came."""
    runner = runner_of(
        *(images, work_dir, 3, 1),
        launcher='pytorch',
        model_wrapper_cfg=dict(
            type='MMDistributedDataParallel', broadcast_buffers=False, device_ids=None
        ),
    )
    save = runner.save_checkpoint

    def save_slowly(*args, **options):
        if get_rank() == 0 and runner.iter == 2:
            time.sleep(0.5)
        save(*args, **options)

    runner.save_checkpoint = save_slowly
    with pytest.raises(NonFiniteLossError) as error:
        runner.train()
    return str(error.value), (Path(work_dir) / 'last_good_iter_2.pth').is_file()


def test_one_of_two_processes_stops_both(images, tmp_path):
    (message, saved), (other_message, other_saved) = run_together(
        stop_of_one_of_two, images, tmp_path / 'work'
    )
    assert message == other_message and 'iteration 3 (epoch 2): loss = nan; images' in message
    assert len(re.findall(r'images/\d\.png \(id \d\)', message)) == 2  # of the one process
    assert saved and other_saved
