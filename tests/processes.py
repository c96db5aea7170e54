"""Functions that several processes run together."""

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from multiprocessing import forkserver
from unittest.mock import patch

import torch

from litepose_mm.utils.paths import mim_root


def run_together(function, *args, count=2):
    """What ``function(*args)`` returns in each process of a gloo group, in order of their ranks.

    A process that waits for another in vain raises after a minute.
    """
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['litepose_mm.modules'])  # which takes seconds
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)):
        forkserver.ensure_running()
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(count, mp_context=context) as pool,
    ):
        group = [
            pool.submit(_in_group, f'file://{folder}/meet', rank, count, function, args)
            for rank in range(count)
        ]
        return [member.result() for member in group]


def _in_group(meet, rank, count, function, args):
    torch.set_num_threads(1)
    os.environ['LOCAL_RANK'] = str(rank)  # as launchers set it
    torch.distributed.init_process_group(
        'gloo', init_method=meet, rank=rank, world_size=count, timeout=timedelta(minutes=1)
    )
    try:
        return function(*args)
    finally:
        torch.distributed.destroy_process_group()


@contextmanager
def killed_process(work):
    """Another process within ``work()``, a context manager; yields what kills it on the spot."""
    read, write = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            with work():
                os.write(write, b'in')
                time.sleep(60)
        finally:
            os._exit(1)

    def kill():
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)

    assert os.read(read, 2) == b'in'
    try:
        yield kill
    finally:
        os.close(read)
        os.close(write)


def run_script(tool, *arguments, cwd):
    """Runs a script of ``tools/``.

    Returns:
        Its exit status, and all that it printed.
    """
    result = subprocess.run(
        [sys.executable, mim_root() / 'tools' / tool, *map(str, arguments)],
        cwd=cwd,
        env=dict(os.environ, OMP_NUM_THREADS='1'),
        capture_output=True,
        text=True,
    )
    return result.returncode, result.stdout + result.stderr
