"""demo/cpp, cross-built for 64-bit ARM and emulated, finds what torch finds."""

import sys
from pathlib import Path

import matplotlib.cbook
import numpy as np
import pytest
from cpp_program import SOURCE, Program, assert_equal_people, build, need_headers, need_tools
from exported import export

from litepose_mm import PoseEstimator
from litepose_mm.apis.description import deploy_graph, describe
from litepose_mm.inference.engines.torch import TorchEngine
from litepose_mm.inference.estimator import Estimator

pytestmark = pytest.mark.slow

LIBRARIES = Path(sys.prefix) / 'aarch64'
SYSROOT = '/usr/aarch64-linux-gnu'
SHAPE = (128, 128)
DEMO = Path(__file__).resolve().parents[2] / 'docs' / 'images' / 'demo.jpg'


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    need_tools(
        ('cmake', 'cmake'),
        ('aarch64-linux-gnu-g++', 'g++-aarch64-linux-gnu'),
        ('qemu-aarch64-static', 'qemu-user-static'),
    )
    if not LIBRARIES.is_dir():
        pytest.skip('the libraries for aarch64 were not fetched: make aarch64')
    need_headers('aarch64-linux-gnu-g++', '-I', str(LIBRARIES / 'usr' / 'include'))
    path = build(
        tmp_path_factory.mktemp('build'),
        f'-DCMAKE_TOOLCHAIN_FILE={SOURCE / "aarch64.cmake"}',
        f'-DTVM_ROOT={LIBRARIES}',
    )
    return Program(path, 'qemu-aarch64-static', '-L', SYSROOT)


def test_the_bundled_weights_find_what_torch_finds(program, tmp_path):
    estimator = PoseEstimator('litepose-xs_crowdpose', device='cpu', flip_test=False)
    options = {'target': 'cortex-a72', 'allow_untuned': True}
    folder = export(
        estimator, tmp_path / 'model', 'tvm', SHAPE, flip_test=False, engine_options=options
    )
    card = describe(estimator.model, SHAPE, flip_test=False)
    torch_side = Estimator(TorchEngine(deploy_graph(estimator.model, card), card))
    photograph = str(matplotlib.cbook.get_sample_data('grace_hopper.jpg', asfileobj=False))
    for image in (str(DEMO), photograph):
        prepared = torch_side.prepare(image)
        outputs = torch_side.infer(prepared)
        expected = torch_side.finish(prepared, outputs, image)
        assert len(expected)
        (found,) = program.people(folder, [image], '--dump', tmp_path / 'dump')
        assert_equal_people(found, expected)
        for name, output in zip(card.decoder.output_names, outputs, strict=True):
            dumped = np.load(tmp_path / 'dump' / f'{name}.npy')
            np.testing.assert_allclose(dumped, output, atol=1e-4)
