"""The C++ program in demo/cpp: built, run, and compared with the Python package."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from litepose_mm.structures import PoseResult

SOURCE = Path(__file__).resolve().parents[1] / 'demo' / 'cpp'
HEADERS = '#include <nlohmann/json.hpp>\n#include <png.h>\n#include <turbojpeg.h>\n'
PACKAGES = 'nlohmann-json3-dev libpng-dev libturbojpeg0-dev'


def need_tools(*programs):
    """Skips a test where programs are missing; ``programs`` are pairs of a name and a package."""
    pytest.importorskip('tvm')
    for program, package in programs:
        if shutil.which(program) is None:
            pytest.skip(f'{program} is missing: apt-get install {package}')


def need_headers(compiler, *options):
    """Skips a test where the libraries that read images are missing."""
    found = subprocess.run(
        [compiler, *options, '-std=c++17', '-fsyntax-only', '-x', 'c++', '-'],
        input=HEADERS,
        capture_output=True,
        text=True,
    )
    if found.returncode:
        pytest.skip(f'libraries of demo/cpp are missing: apt-get install {PACKAGES}')


def build(folder, *options):
    """Builds the program in a folder and returns its path."""
    for command in (
        ['cmake', '-S', SOURCE, '-B', folder, *options],
        ['cmake', '--build', folder, '--parallel', '2'],
    ):
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        assert 'warning' not in done.stderr
    return folder / 'litepose' / 'litepose'


class Program:
    """Runs the program; ``launcher`` are words before it, such as those of an emulator."""

    def __init__(self, path, *launcher):
        self._command = [*launcher, path]

    def run(self, *arguments):
        command = [*self._command, *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True)

    def people(self, folder, images, *options):
        """The result of each image."""
        done = self.run(folder, *images, *options)
        assert done.returncode == 0 and not done.stderr, done.stderr
        return [PoseResult.from_dict(json.loads(line)) for line in done.stdout.splitlines()]


def assert_equal_people(found, expected):
    """Whether the program finds what the Python package finds."""
    assert len(found) == len(expected)
    assert (found.image_size, found.source) == (expected.image_size, expected.source)
    assert found.skeleton == expected.skeleton
    np.testing.assert_allclose(found.keypoints, expected.keypoints, atol=0.1)
    np.testing.assert_allclose(found.keypoint_scores, expected.keypoint_scores, atol=1e-4)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    assert (found.tags is None) == (expected.tags is None)
    if len(expected) and expected.tags is not None:
        np.testing.assert_allclose(found.tags, expected.tags, atol=1e-3)
