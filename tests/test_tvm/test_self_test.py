"""Releases of TVM that cannot tune are found in another process."""

import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.tvm import self_test


def test_the_tested_releases_tune():
    self_test.check_tuner()


def test_a_crash_is_one_line(monkeypatch):
    monkeypatch.setattr(self_test, '_PROGRAM', 'import os; os.abort()')
    with pytest.raises(LitePoseError, match=r'fails with apache-tvm-ffi .* \(signal 6\).*pip inst'):
        self_test.check_tuner.__wrapped__()
