"""Files that are no library of this machine end in a line, not in a crash."""

import platform
import struct
import sys
from pathlib import Path

import pytest

from litepose_mm.tvm.runtime import check_library


def test_this_programs_own_library_is_accepted():
    import _ctypes

    check_library(_ctypes.__file__)


@pytest.mark.parametrize('kept', [0, 30, 200, 0.5])
def test_truncated(tmp_path, kept):
    import _ctypes

    content = Path(_ctypes.__file__).read_bytes()
    file = tmp_path / 'a.so'
    file.write_bytes(content[: kept if isinstance(kept, int) else int(kept * len(content))])
    with pytest.raises(ValueError, match='truncated|no shared library'):
        check_library(file)


@pytest.mark.skipif(platform.machine() != 'x86_64', reason='x86 only')
def test_another_machine(tmp_path):
    content = bytearray(Path(sys.modules['_ctypes'].__file__).read_bytes())
    struct.pack_into('<H', content, 0x12, 183)
    (tmp_path / 'a.so').write_bytes(content)
    with pytest.raises(ValueError, match='it is for aarch64, and this machine is x86_64'):
        check_library(tmp_path / 'a.so')
