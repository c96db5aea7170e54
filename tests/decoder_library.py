"""The compiled steps of the decoder, of the sources as they are."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from litepose_mm.decoding import compiled

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / 'litepose_mm' / 'decoding' / 'cpp'


def build(folder, **environment):
    """Compiles the library as setup.py does, and returns its path, which may not exist."""
    command = [sys.executable, 'setup.py', '-q', 'build_ext']
    options = ['--build-lib', folder / 'lib', '--build-temp', folder / 'temp']
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / 'lib' / 'litepose_mm' / 'decoding' / '_compiled.so'


@functools.cache
def decoder_library():
    """Returns the installed library if it is newer than the sources, or else compiles one."""
    installed = Path(compiled.__file__).with_name('_compiled.so')
    newest = max(path.stat().st_mtime for path in (*SOURCES.iterdir(), ROOT / 'setup.py'))
    if compiled.library is not None and installed.stat().st_mtime > newest:
        return compiled.library
    if shutil.which('g++') is None:
        pytest.skip('g++ is missing: apt-get install g++')
    with tempfile.TemporaryDirectory() as folder:
        return compiled.load(build(Path(folder)))
