"""Divide a network into kernels, which are tuned one by one, and compile it from the best."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tvm
from tvm import relax
from tvm.s_tir import meta_schedule as ms

from .targets import Device


@dataclass(frozen=True)
class Kernel:
    """A kernel of a network.

    Args:
        name: Its operators.
        module: Its computation, without a schedule.
        count: How often the network runs it.
    """

    name: str
    module: tvm.IRModule
    count: int


def to_kernels(module: tvm.IRModule, device: Device) -> tvm.IRModule:
    """Returns a network whose operators are fused into kernels."""
    with device.target, tvm.transform.PassContext(opt_level=3):
        return relax.get_pipeline('zero')(module)


def list_kernels(module: tvm.IRModule, device: Device) -> list[Kernel]:
    """Returns the kernels of a network that :func:`to_kernels` returned."""
    return [
        Kernel(task.task_name, task.dispatched[0], task.weight)
        for task in ms.relax_integration.extract_tasks(module, device.target)
    ]


def apply_schedules(
    module: tvm.IRModule, device: Device, database: ms.Database
) -> tuple[tvm.IRModule, list[str]]:
    """Gives kernels the fastest schedules that a database knows.

    Returns:
        The network, and the names of the kernels that the database does not know. These are slow:
        they run on one thread, without vector instructions.
    """
    with device.target, database, tvm.transform.PassContext(opt_level=3):
        module = relax.transform.MetaScheduleApplyDatabase()(module)
    untuned = [
        str(name.name_hint)
        for name, function in module.functions_items()
        if isinstance(function, tvm.tirx.PrimFunc)
        and not function.attrs.get('tirx.is_scheduled', False)
    ]
    return module, sorted(untuned)


def compile_network(module: tvm.IRModule, device: Device) -> relax.VMExecutable:
    """Compiles a network whose kernels have schedules."""
    with device.target, tvm.transform.PassContext(opt_level=3):
        return tvm.compile(module, target=device.target)


def write_library(executable: relax.VMExecutable, device: Device, file: str | Path) -> None:
    """Writes the compiled network with its weights as a shared library."""
    executable.export_library(str(file), cc=device.linker())
