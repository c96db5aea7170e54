"""What all tests share: the folder of large inputs beside the repository, and steady torch."""

import os
import re
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from decoder_library import decoder_library
from hypothesis import settings

import litepose_mm.modules  # noqa: F401  before any test imports mmpose

# A shell's background job ignores interruptions, and so would the processes that tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

VENV_PIP = f'{os.path.relpath(sys.prefix)}/bin/pip'
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


@pytest.fixture(scope='module', params=['plain', 'compiled'])
def decoding(request):
    """Decoding in numpy, then with the compiled library."""
    library = decoder_library() if request.param == 'compiled' else None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr('litepose_mm.decoding.compiled.library', library)
        yield request.param


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


def pytest_terminal_summary(terminalreporter) -> None:
    """Ends the report with what was not tested, and how to add it."""
    skipped = terminalreporter.stats.get('skipped', [])
    reasons = Counter(_reason(report.longrepr[2]) for report in skipped)
    if reasons:
        terminalreporter.section('not tested')
        for reason, count in reasons.most_common():
            terminalreporter.line(f'{count:4d} x {reason}')


def _reason(text: str) -> str:
    """The reason of a skip, the same for all tests and files that lack the same."""
    text = text.removeprefix('Skipped: ')
    if found := re.match(r"could not import '(\w+)", text):
        options = '-c requirements/constraints.txt -r requirements/optional.txt'
        return f'{found[1]} is not installed: {VENV_PIP} install {options}'
    return re.sub(r'^\S+ is not in ', 'large inputs that are not in ', text)
