"""The devices for which networks are compiled, as a table."""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import tvm

from ..errors import LitePoseError

HOST = 'host'


@dataclass(frozen=True)
class Device:
    """A processor for which TVM compiles.

    Args:
        name: Name for commands and cards.
        machine: The machine as ``platform.machine()`` names it.
        options: Options of TVM's target.
        rules: Which of MetaSchedule's rules apply.
        lanes: Numbers in a vector register.
        registers: Vector registers.
        features: Flags in ``/proc/cpuinfo`` of a processor that runs the libraries.
    """

    name: str
    machine: str
    options: dict[str, Any]
    rules: str = 'llvm'
    lanes: int = 4
    registers: int = 32
    features: frozenset[str] = frozenset()

    @cached_property
    def target(self) -> tvm.target.Target:
        """TVM's target.

        Raises:
            LitePoseError: This build of TVM has no code generator for it.
        """
        kind = self.options['kind']
        if kind != 'llvm' and not tvm.runtime.enabled(kind):
            raise LitePoseError(
                f'target: {self.name} needs a build of TVM with {kind}, which the installed wheel '
                'is not; build TVM with it (docs/devices.md), or use another target'
            )
        return tvm.target.Target(self.options)

    @property
    def runs_on(self) -> str:
        """Kind of TVM's device."""
        return 'cuda' if self.options['kind'] == 'cuda' else 'cpu'

    @property
    def is_here(self) -> bool:
        """Whether this machine runs the libraries."""
        return platform.machine() == self.machine and self.features <= _host_features()

    def linker(self) -> str:
        """Returns the compiler that links libraries for this device.

        Raises:
            LitePoseError: It is not installed.
        """
        compiler = package = 'g++'
        if platform.machine() != self.machine:  # Debian's names
            compiler = f'{self.machine}-linux-gnu-g++'
            package = f'g++-{self.machine.replace("_", "-")}-linux-gnu'
        if shutil.which(compiler) is None:
            raise LitePoseError(
                f'target: {self.name} needs the compiler {compiler}, which is not installed; '
                f'install it: apt install {package}'
            )
        return compiler


def _x86(name: str, options: dict[str, Any], features: str, lanes: int, registers: int) -> Device:
    target = {'kind': 'llvm', 'mtriple': 'x86_64-linux-gnu', 'mcpu': name, **options}
    return Device(
        name,
        'x86_64',
        target,
        lanes=lanes,
        registers=registers,
        features=frozenset(features.split()),
    )


def _arm(name: str, cores: int, features: str = 'asimd') -> Device:
    target = {
        'kind': 'llvm',
        'mtriple': 'aarch64-linux-gnu',
        'mcpu': name,
        'mattr': ['+neon'],
        'num-cores': cores,
    }
    return Device(
        name,
        'aarch64',
        target,
        rules='asimd',
        features=frozenset(features.split()),
    )


_AVX2 = 'avx2 fma bmi1 bmi2 f16c movbe abm'
_AVX512 = 'avx512f avx512bw avx512cd avx512dq avx512vl'

#: Devices by name. On AVX-512, LLVM would by default use half of each register.
DEVICES = {
    device.name: device
    for device in (
        _x86('x86-64-v3', {'num-cores': 4}, _AVX2, 8, 16),
        _x86(
            'x86-64-v4',
            {'num-cores': 4, 'mattr': ['-prefer-256-bit']},
            f'{_AVX2} {_AVX512}',
            16,
            32,
        ),
        _arm('cortex-a72', 4),  # Raspberry Pi 4
        _arm('cortex-a76', 4, 'asimd asimddp asimdhp'),  # Raspberry Pi 5
        Device(
            'cuda',
            'aarch64',  # Jetson Orin
            {
                'kind': 'cuda',
                'arch': 'sm_87',
                'host': {'kind': 'llvm', 'mtriple': 'aarch64-linux-gnu', 'mcpu': 'cortex-a78'},
            },
            rules='cuda',
        ),
    )
}


def get_device(name: str) -> Device:
    """Returns the device with this name; ``'host'`` is the most capable one that this machine is.

    Raises:
        LitePoseError: There is no such device, or none fits this machine.
    """
    if name == HOST:
        fitting = [each for each in DEVICES.values() if each.is_here]
        if not fitting:
            raise LitePoseError(
                f'target: none of {", ".join(DEVICES)} fits this machine ({platform.machine()}); '
                'name a target'
            )
        return max(fitting, key=lambda each: len(each.features))
    if name not in DEVICES:
        raise LitePoseError(f'target: expected {HOST}, {", ".join(DEVICES)}, got {name!r}')
    return DEVICES[name]


def _host_features() -> frozenset[str]:
    """Returns the flags of this machine's processor; none where the system is not Linux."""
    try:
        lines = Path('/proc/cpuinfo').read_text(errors='replace').splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        title, _, flags = line.partition(':')
        if title.strip() in ('flags', 'Features'):  # on x86 and on ARM
            return frozenset(flags.split())
    return frozenset()
