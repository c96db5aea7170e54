"""Build a library for a device from an ONNX file and tuned kernels."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import tvm
from tvm import relax
from tvm.s_tir import meta_schedule as ms

from ..errors import CannotExport
from .database import Header, default_folder, load_compact, open_database
from .kernels import compile_network, list_kernels, to_kernels, write_library
from .onnx_import import import_onnx
from .remote import Remote
from .runtime import Network
from .targets import HOST, Device, get_device
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
    executable, untuned = compile_network(module, device, known_kernels(device, database))
    if untuned and not allow_untuned:
        raise CannotExport(
            f'{len(untuned)} kernels of this network are not tuned for {device.name}, and so '
            f'slow, e.g. {untuned[0]}; tune them with `litepose tune`, or allow them with '
            '--allow-untuned'
        )
    write_library(executable, device, library)
    facts: dict[str, Any] = {
        'target': device.name,
        'tvm': tvm.__version__,
        'kernels': sum(isinstance(each, tvm.tirx.PrimFunc) for each in module.functions.values()),
        'untuned_kernels': untuned,
    }
    (argument,) = module['main'].params
    shape = [int(side) for side in argument.ty.shape]
    if remote is not None:
        facts['device'] = remote.key
        facts['milliseconds'] = round(1e3 * remote.measure_network(library, shape), 3)
    elif device.is_here:
        facts['milliseconds'] = round(1e3 * _measure(executable, shape), 3)
    return facts


def known_kernels(device: Device, folder: str | Path | None = None) -> ms.Database:
    """Returns the fastest records of the package and of a folder, if that exists."""
    header, known = Header(device.name), ms.database.MemoryDatabase()
    bundled = BUNDLED / f'{device.name}.zip'
    if bundled.is_file():
        load_compact(bundled, header, known)
    folder = default_folder(device.name) if folder is None else Path(folder)
    if folder.is_dir():
        open_database(folder, header).dump_pruned(known)
    return known


def tuned_network(onnx_file: str | Path | bytes, threads: int | None = None) -> Network:
    """Compiles a network for this machine; kernels that are not known yet are tuned first.

    Args:
        onnx_file: The network, with a fixed input shape.
        threads: Number of threads; None uses all processors.
    """
    device = get_device(HOST)
    module = to_kernels(import_onnx(onnx_file), device)
    known, kernels = known_kernels(device), list_kernels(module, device)
    unknown = [kernel for kernel in kernels if best_seconds(known, kernel) == float('inf')]
    if unknown:
        database = open_database(default_folder(device.name), Header(device.name))
        for _ in Tuner(unknown, device, database).run():
            pass
        known = known_kernels(device)
    executable, _ = compile_network(module, device, known)
    return Network(executable, threads)


def _measure(executable: relax.VMExecutable, shape: list[int], repeat: int = 5) -> float:
    """Returns the median time in seconds of one run on this machine, with all its threads."""
    machine = relax.VirtualMachine(executable, tvm.cpu())
    machine.set_input('main', tvm.runtime.empty(shape, 'float32'))
    timed = machine.time_evaluator('invoke_stateful', tvm.cpu(), number=1, repeat=repeat + 1)
    return statistics.median(timed('main').results[1:])
