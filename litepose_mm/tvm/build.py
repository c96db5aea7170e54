"""Build a library for a device from an ONNX file and tuned kernels."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import tvm
import tvm_ffi
from tvm import relax
from tvm.s_tir import meta_schedule as ms

from ..errors import CannotExport, LitePoseError
from .database import (
    Header,
    default_folder,
    has_database,
    load_compact,
    open_database,
    read_database,
)
from .kernels import (
    Kernel,
    apply_schedules,
    compile_network,
    list_kernels,
    to_kernels,
    write_library,
)
from .measuring import network_seconds
from .onnx_import import import_onnx
from .remote import Remote
from .self_test import check_tuner
from .targets import Device, get_device
from .threads import allow_all_processors
from .tuning import Tuner, best_seconds

#: Kernels that the package brings, one file for each target.
BUNDLED = Path(__file__).parent / 'databases'


def build_library(
    onnx_file: str | Path,
    library: str | Path,
    target: str,
    database: str | Path | None = None,
    remote: Remote | None = None,
    allow_untuned: bool = False,
) -> dict[str, Any]:
    """Writes a shared library that computes a network.

    Args:
        onnx_file: The network, with a fixed input shape.
        library: File to write.
        target: Name of a device, see :data:`DEVICES`.
        database: Folder with tuned kernels beside those that the package brings; None for the
            folder where ``litepose tune`` keeps them.
        remote: Device on which to measure the latency; None measures here, if this is the target.
        allow_untuned: Whether kernels that are not tuned are allowed.

    Returns:
        What was built, for the model's card.

    Raises:
        LitePoseError: The target, the compiler or the database does not fit, or kernels are not
            tuned.
    """
    device = get_device(target)
    device.linker()  # what is missing is reported at once
    if remote is not None:
        remote.check()
    module = to_kernels(import_onnx(onnx_file), device)
    (argument,) = module['main'].params
    shape = [int(side) for side in argument.ty.shape]
    module, untuned = apply_schedules(module, device, known_kernels(device, database))
    if untuned and not allow_untuned:
        raise CannotExport(
            f'{len(untuned)} kernels of this network are not tuned for {device.name}, and so '
            f'slow, e.g. {untuned[0]}; tune them with `litepose tune`, or allow them with '
            '--allow-untuned'
        )
    executable = compile_network(module, device)
    write_library(executable, device, library)
    facts: dict[str, Any] = {
        'target': device.name,
        'tvm': tvm.__version__,
        'tvm_ffi': tvm_ffi.__version__,
        'kernels': sum(isinstance(each, tvm.tirx.PrimFunc) for each in module.functions.values()),
        'untuned_kernels': untuned,
    }
    if remote is not None:
        facts['device'] = remote.key
        facts['milliseconds'] = _milliseconds(remote.network_seconds(library, shape))
    elif device.is_here:
        allow_all_processors()
        machine = relax.VirtualMachine(executable, tvm.cpu())
        facts['milliseconds'] = _milliseconds(network_seconds(machine, tvm.cpu(), shape))
    return facts


def known_kernels(device: Device, folder: str | Path | None = None) -> ms.Database:
    """Returns the fastest records of the package and of the user.

    Args:
        device: The processor.
        folder: Folder with a database; None for the default one, if it exists.

    Raises:
        LitePoseError: The folder has no database, or one of another target or version.
    """
    given = default_folder(device.name) if folder is None else Path(folder)
    if has_database(given):
        return _fastest(device, read_database(given, Header(device.name)))
    if folder is not None:
        raise LitePoseError(
            f'database: expected a folder that `litepose tune --database` wrote, got {folder}'
        )
    return _fastest(device)


def _fastest(device: Device, database: ms.Database | None = None) -> ms.Database:
    """Returns the fastest records of the package and of a database."""
    known = ms.database.MemoryDatabase()
    bundled = BUNDLED / f'{device.name}.zip'
    if bundled.is_file():
        load_compact(bundled, Header(device.name), known)
    if database is not None:
        database.dump_pruned(known)
    return known


def tuned_network(
    onnx_file: str | Path | bytes,
    device: Device,
    folder: str | Path | None = None,
    remote: Remote | None = None,
    allow_untuned: bool = False,
) -> relax.VMExecutable:
    """Compiles a network; kernels that are not known yet are tuned first.

    Args:
        onnx_file: The network, with a fixed input shape.
        device: The processor.
        folder: Folder with a database, or for one; None for the default one.
        remote: Device on which to measure; None measures here.
        allow_untuned: Whether to leave unknown kernels untuned.

    Raises:
        LitePoseError: The compiler, the tuner or the device is missing, or the database does not
            fit.
    """
    device.linker()  # what is missing is reported at once
    module = to_kernels(import_onnx(onnx_file), device)
    kernels = [] if allow_untuned else list_kernels(module, device)
    module, _ = apply_schedules(module, device, tuned_kernels(kernels, device, folder, remote))
    return compile_network(module, device)


def tuned_kernels(
    kernels: Sequence[Kernel],
    device: Device,
    folder: str | Path | None = None,
    remote: Remote | None = None,
) -> ms.Database:
    """Returns the fastest known records, after tuning those of the kernels that are not known.

    The arguments are those of :func:`tuned_network`.
    """
    folder = default_folder(device.name) if folder is None else Path(folder)
    database = open_database(folder, Header(device.name))
    known = _fastest(device, database)
    unknown = [kernel for kernel in kernels if best_seconds(known, kernel) == float('inf')]
    if not unknown:
        return known
    check_tuner()
    for _ in Tuner(unknown, device, database, remote and remote.runner()).run():
        pass
    return _fastest(device, database)


def _milliseconds(seconds: list[float]) -> float:
    return round(1e3 * statistics.median(seconds), 3)
