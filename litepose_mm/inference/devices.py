"""Choose the device on which an engine runs a model; the next best one is used if it fails."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from ..errors import LitePoseError, reason

if TYPE_CHECKING:
    from .engines.base import Engine

_Loaded = TypeVar('_Loaded')


def kind_of(device: str) -> str:
    """Returns the kind of a device, which is its name without the number."""
    return re.sub(r'[.:]\d+$', '', device.lower())


def has_device(engine: type[Engine], device: str) -> bool:
    """Whether the engine, which must be installed, finds a device of this kind."""
    kind = kind_of(device)
    return kind in engine.device_kinds and kind in engine.devices_here()


def candidates(engine: type[Engine], device: str | None) -> list[str]:
    """Returns the devices to try in turn: the wanted one, if it is here, and slower ones.

    Args:
        engine: The engine.
        device: A kind of :attr:`Engine.device_kinds`, which may have a number, such as ``cuda:1``
            or ``gpu.1``; None means the CPU.

    Raises:
        LitePoseError: The engine knows no such device.
        ImportError: The engine is not installed.
    """
    if not isinstance(device, (str, type(None))):
        raise LitePoseError(f'device: expected a name, such as cpu or cuda:1, got {device!r}')
    if device is None or device.lower() in ('cpu', 'cpu:0'):
        return ['cpu']
    kinds, kind = engine.device_kinds, kind_of(device)
    if kind == 'cpu':
        raise LitePoseError(f'device: expected cpu, of which there is one, got {device!r}')
    here = engine.devices_here() if len(kinds) > 1 else kinds
    if kind not in kinds:
        absent = [each for each in kinds if each not in here]
        raise LitePoseError(
            f'device: expected {" or ".join(each for each in kinds if each in here)} for '
            f'{engine.name}, got {device!r}'
            + (f'; not found here: {", ".join(absent)}' if absent else '')
        )
    wanted = list(dict.fromkeys([device.lower(), kind])) if kind in here else []
    return wanted + [each for each in kinds[kinds.index(kind) + 1 :] if each in here]


def load_on_device(
    engine: type[Engine], device: str | None, load: Callable[[str], _Loaded]
) -> _Loaded:
    """Loads a model on a device, or on the next best one, with a warning that names the cause.

    Args:
        engine: The engine.
        device: See :func:`candidates`.
        load: Loads the model on the named device.

    Returns:
        What ``load`` returns.

    Raises:
        LitePoseError: The engine knows no such device, or ``load`` raised it.
        Exception: ``load`` fails on the CPU too.
    """
    devices = candidates(engine, device)
    if device is not None and kind_of(devices[0]) != kind_of(device):
        warnings.warn(f'{engine.name} finds no {device} here; using {devices[0]}', stacklevel=2)
    for own, following in zip(devices, devices[1:]):
        try:
            return load(own)
        except (LitePoseError, ImportError):
            raise
        except Exception as error:  # a driver can raise anything
            cause = f'{engine.name} cannot use {own} ({reason(error)})'
            warnings.warn(f'{cause}; using {following}', stacklevel=2)
    return load(devices[-1])
