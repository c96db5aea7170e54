"""Memory that hooks share with the workers of a data loader."""

import multiprocessing
import os

import pytest
import torch

from litepose_mm.compat.shared_memory import report_shared_memory
from litepose_mm.engine.hooks import BadSampleHook, ReproducibleEpochsHook
from litepose_mm.engine.utils.pipelines import shared_zeros
from litepose_mm.errors import LitePoseError


def test_forked_workers_see_changes_and_make_them():
    shared = shared_zeros(3, torch.int64)
    shared[1] = 5
    process = os.fork()
    if process == 0:
        shared[0] = shared[1] + 1
        os._exit(0)
    os.waitpid(process, 0)
    assert shared.tolist() == [6, 5, 0]
    assert shared_zeros(0, torch.uint8).shape == (0,)


def test_without_workers_no_shared_memory_is_needed(monkeypatch):
    monkeypatch.setattr(torch.Tensor, 'share_memory_', lambda self: pytest.fail('it is needed'))
    ReproducibleEpochsHook()
    BadSampleHook('skip')


class _Samples(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.zeros(9)


def _cannot_share(storage):
    raise RuntimeError('unable to allocate shared memory(shm) for file </torch_1>: No space left')


def test_workers_that_cannot_send_do_not_hang(monkeypatch):
    monkeypatch.setattr('torch.multiprocessing.reductions.reduce_storage', _cannot_share)
    monkeypatch.setattr(torch.UntypedStorage, '_share_fd_cpu_', _cannot_share)
    loader = torch.utils.data.DataLoader(
        _Samples(), num_workers=1, multiprocessing_context='fork', timeout=60
    )
    with pytest.raises(LitePoseError, match='num_workers=0') as told, report_shared_memory():
        list(loader)
    assert '\n' not in str(told.value)


def test_locks_that_cannot_be_made(monkeypatch):
    def refuse(*args):
        raise OSError(30, 'Read-only file system')

    monkeypatch.setattr('multiprocessing.synchronize._multiprocessing.SemLock', refuse)
    with pytest.raises(LitePoseError, match='num_workers=0'), report_shared_memory():
        multiprocessing.get_context('fork').Queue()


@pytest.mark.parametrize('error', [OSError(2, 'No such file'), RuntimeError('anything else')])
def test_other_errors_stay(error):
    with pytest.raises(type(error)) as raised, report_shared_memory():
        raise error
    assert raised.value is error
