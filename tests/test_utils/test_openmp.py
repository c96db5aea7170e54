import os
import subprocess
import sys

import pytest

from litepose_mm import LitePoseError
from litepose_mm.utils import openmp
from litepose_mm.utils.openmp import check_fork, keep_forks_computing, release_openmp_threads

CODE = """
import os, threading, torch
from litepose_mm.utils.openmp import release_openmp_threads

torch.set_num_threads(4)
maps = torch.ones(1 << 20)

def threads_after(work):
    work()
    return len(os.listdir('/proc/self/task'))

before = threads_after(lambda: None)
computed = threads_after(lambda: maps.sqrt())
released = threads_after(lambda: release_openmp_threads() or exit(3))
again = threads_after(lambda: maps.sqrt())
assert maps.sqrt().sum() == len(maps)
print(before, computed, released, again)
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='counts threads in /proc')
def test_helpers_end_and_come_back():
    """In a process of its own, whose other threads are known."""
    run = subprocess.run([sys.executable, '-c', CODE], capture_output=True, text=True, timeout=120)
    if run.returncode == 3:
        pytest.skip('no OpenMP 5 in this process')
    before, computed, released, again = map(int, run.stdout.split())
    assert computed == again > released
    assert released <= before


def test_it_can_be_called_without_helpers():
    assert release_openmp_threads() in (True, False)


@pytest.mark.skipif(not hasattr(os, 'register_at_fork'), reason='no forks here')
def test_a_fork_of_an_openmp_that_is_too_old_is_refused(monkeypatch):
    """Others of the same process go on, and so does the parent."""
    hooks = {}
    monkeypatch.setattr(os, 'register_at_fork', lambda **hook: hooks.update(hook))
    monkeypatch.setattr(openmp, '_waiting', set())
    keep_forks_computing('/no/such/library.so')
    check_fork('/no/such/library.so')
    assert set(hooks) == {'after_in_child'}
    hooks['after_in_child']()
    check_fork()
    with pytest.raises(LitePoseError, match='spawn'):
        check_fork('/no/such/library.so')
