"""Tests of what is compiled on the machine itself."""

import os
import shutil

import pytest

needs_compiler = pytest.mark.skipif(
    shutil.which(os.environ.get('CXX', 'g++')) is None,
    reason='no C++ compiler (apt-get install g++)',
)
