"""The table of devices, and what its errors say."""

import platform

import pytest

from litepose_mm.errors import LitePoseError
from litepose_mm.tvm import targets
from litepose_mm.tvm.targets import DEVICES, get_device


def test_host_is_the_most_capable_device_that_this_machine_is(monkeypatch):
    monkeypatch.setattr(platform, 'machine', lambda: 'x86_64')
    flags = {'avx2', 'fma', 'bmi1', 'bmi2', 'f16c', 'movbe', 'abm'}
    monkeypatch.setattr(targets, '_host_features', lambda: frozenset(flags))
    assert get_device('host').name == 'x86-64-v3'
    flags |= {f'avx512{part}' for part in ('f', 'bw', 'cd', 'dq', 'vl')}
    monkeypatch.setattr(targets, '_host_features', lambda: frozenset(flags))
    assert get_device('host').name == 'x86-64-v4'
    monkeypatch.setattr(platform, 'machine', lambda: 'aarch64')
    monkeypatch.setattr(targets, '_host_features', lambda: frozenset({'asimd'}))
    assert get_device('host').name == 'cortex-a72'
    monkeypatch.setattr(platform, 'machine', lambda: 'riscv64')
    with pytest.raises(LitePoseError, match=r'target: none of x86-64-v3.* fits .*riscv64'):
        get_device('host')


def test_an_unknown_device_is_refused():
    with pytest.raises(LitePoseError, match="target: expected host, x86-64-v3.*got 'pi'"):
        get_device('pi')


@pytest.mark.parametrize('name', sorted(set(DEVICES) - {'cuda'}))
def test_tvm_knows_every_target(name):
    assert DEVICES[name].target.attrs['mcpu'] == name


def test_cuda_needs_a_build_of_tvm():
    import tvm

    if tvm.runtime.enabled('cuda'):
        pytest.skip('this TVM has CUDA')
    with pytest.raises(LitePoseError, match='cuda needs a build of TVM with cuda'):
        _ = DEVICES['cuda'].target


def test_a_missing_compiler_is_named(monkeypatch):
    monkeypatch.setattr(targets.shutil, 'which', lambda program: None)
    monkeypatch.setattr(platform, 'machine', lambda: 'x86_64')
    with pytest.raises(LitePoseError, match='apt install g.. which|apt install g[+][+]-aarch64'):
        DEVICES['cortex-a72'].linker()
    with pytest.raises(LitePoseError, match=r'compiler g\+\+, .*apt install g\+\+'):
        DEVICES['x86-64-v3'].linker()
