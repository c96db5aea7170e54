"""What all tests share: the folder of large inputs beside the repository, and steady torch."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

import litepose_mm.modules  # noqa: F401  before any test imports mmpose

# A shell's background job ignores interruptions, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='session')
def shared_dir() -> Path:
    """Inputs too large for the repository: ``../shared``, or the folder LITEPOSE_SHARED names."""
    return Path(os.environ.get('LITEPOSE_SHARED') or REPOSITORY.parent / 'shared')


@pytest.fixture(scope='session')
def shared_file(shared_dir) -> Callable[[str], Path]:
    """``shared_file('a/b.json')``: that path in ``shared_dir``; skips where it is absent."""

    def find(relative: str) -> Path:
        path = shared_dir / relative
        if not path.exists():
            pytest.skip(f'{relative} is not in {shared_dir} (set LITEPOSE_SHARED to its folder)')
        return path

    return find


@pytest.fixture(autouse=True)
def _one_torch_thread():
    """Sums in torch depend on the number of threads; tests that use torch get one."""
    torch = sys.modules.get('torch')
    if torch is None:
        yield
        return
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


# The same examples on every run.
settings.register_profile('deterministic', derandomize=True, deadline=None)
settings.load_profile('deterministic')
