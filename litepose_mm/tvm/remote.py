"""Measure kernels and networks on devices that are registered with TVM's tracker."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tvm import relax, rpc
from tvm.ir.utils import derived_object
from tvm.s_tir import meta_schedule as ms
from tvm.s_tir.meta_schedule.runner import PyRunner, PyRunnerFuture, RunnerInput, RunnerResult

from ..errors import LitePoseError, reason
from .kernels import write_library
from .measuring import EVALUATOR, network_seconds, shortest_time
from .targets import Device

#: Where a tracker is looked for by default; 9190 is TVM's default port.
TRACKER = 'localhost:9190'
_ATTEMPTS = 3
_WAITING_SECONDS = 120.0


@dataclass(frozen=True)
class Remote:
    """Devices of one key at a tracker.

    Args:
        key: The key with which the devices' servers were started.
        tracker: Host and port of the tracker.
        timeout: Seconds after which a measurement is given up.
    """

    key: str
    tracker: str = TRACKER
    timeout: int = 60

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the tracker.

        Raises:
            LitePoseError: They are no host and port.
        """
        host, _, port = self.tracker.rpartition(':')
        if not host or not port.isdigit():
            raise LitePoseError(f'tracker: expected HOST:PORT, got {self.tracker!r}')
        return host, int(port)

    def check(self) -> None:
        """Checks that a device with this key is registered.

        Raises:
            LitePoseError: There is no tracker, or no such device.
        """
        host, port = self.address
        try:
            socket.create_connection((host, port), timeout=5).close()
            keys = [
                str(each['key']).partition(':')[2]
                for each in rpc.connect_tracker(host, port).summary()['server_info']
            ]
        except (OSError, RuntimeError, KeyError) as error:
            raise LitePoseError(
                f'tracker: expected a tracker of TVM at {self.tracker}, got {reason(error)}; start '
                'one: python -m tvm.exec.rpc_tracker'
            ) from error
        if self.key not in keys:
            raise LitePoseError(
                f'device: expected one of {", ".join(sorted(set(keys))) or "none"}, which are '
                f'registered at {self.tracker}, got {self.key!r}; start its server: python -m '
                f'tvm.exec.rpc_server --tracker {self.tracker} --key {self.key}'
            )

    def is_there(self) -> bool:
        """Returns whether a device with this key is registered."""
        try:
            self.check()
        except LitePoseError:
            return False
        return True

    def wait(self, seconds: float = _WAITING_SECONDS) -> None:
        """Waits until a device with this key is registered.

        Raises:
            LitePoseError: There is none in this time.
        """
        end = time.monotonic() + seconds
        while True:
            try:
                return self.check()
            except LitePoseError:
                if time.monotonic() > end:
                    raise
            time.sleep(min(5.0, seconds / 10))

    def connect(self) -> rpc.RPCSession:
        """Returns a session on a device, as soon as one is free.

        Raises:
            LitePoseError: No device answers.
        """
        self.check()
        host, port = self.address
        try:
            return rpc.connect_tracker(host, port).request(self.key, session_timeout=self.timeout)
        except Exception as error:  # TVM raises its own errors
            raise LitePoseError(
                f'device: {self.key} does not answer ({reason(error)}); restart its server'
            ) from error

    def runner(self) -> ms.Runner:
        """Returns a runner that measures kernels on the device, on one thread."""
        self.check()
        host, port = self.address
        inner = ms.runner.RPCRunner(
            ms.runner.RPCConfig(host, port, self.key, 1, self.timeout),
            EVALUATOR,
            f_run_evaluator=_shortest_time_there,
        )
        return PatientRunner(self, inner)

    def network_seconds(
        self,
        library: str | Path,
        shape: Sequence[int],
        runs: int = 5,
        threads: int | None = None,
    ) -> list[float]:
        """Uploads a library and returns the time of each run, see :func:`network_seconds`.

        Args:
            library: The file.
            shape: Shape of the input.
            runs: Number of runs.
            threads: Number of threads; None uses all of the device.

        Raises:
            LitePoseError: The device does not answer, or the measurement failed three times.
        """
        for _ in range(_ATTEMPTS):
            self.wait()
            try:
                return self._network_seconds(library, shape, runs, threads)
            except Exception as error:  # a lost connection has no class of its own
                failure = reason(error)
        raise LitePoseError(f'device: {self.key} cannot time the network: {failure}')

    def _network_seconds(
        self, library: str | Path, shape: Sequence[int], runs: int, threads: int | None
    ) -> list[float]:
        session, name = self.connect(), Path(library).name
        if threads is not None:
            _use_threads(session, threads)
        session.upload(str(library))
        try:
            machine = relax.VirtualMachine(session.load_module(name), session.cpu())
            return network_seconds(machine, session.cpu(), shape, runs)
        finally:
            session.remove(name)

    def timer(
        self,
        executable: relax.VMExecutable,
        processor: Device,
        shape: Sequence[int],
        threads: int,
    ) -> Callable[[int], list[float]]:
        """Returns a function that times runs of a network, which it uploads for each call."""
        folder = TemporaryDirectory(prefix='litepose-tvm-')  # removed together with the function
        library = Path(folder.name) / 'model.so'
        write_library(executable, processor, library)

        def seconds(runs: int) -> list[float]:
            return self.network_seconds(Path(folder.name) / library.name, shape, runs, threads)

        return seconds


def where_to_measure(processor: Device, key: str | None, tracker: str | None) -> Remote | None:
    """Returns the devices on which to measure; None is this machine.

    Args:
        processor: The target.
        key: The devices' key; None for this machine.
        tracker: Host and port of the tracker; None for the default.

    Raises:
        LitePoseError: This machine is not the target.
    """
    if key is not None:
        return Remote(key, tracker or TRACKER)
    if not processor.is_here:
        raise LitePoseError(
            f'--target {processor.name}: this machine is no such processor; give the --device on '
            'which to measure (docs/devices.md)'
        )
    return None


@derived_object
class PatientRunner(PyRunner):
    """Measures candidates again if the device was away, as when its network fails or it restarts.

    Args:
        remote: The device.
        inner: The runner that measures.
        seconds: How long to wait for the device.

    Attributes:
        error: What ended the measurement; TVM raises an error of its own in its place.
    """

    error: LitePoseError | None = None

    def __init__(self, remote: Remote, inner: ms.Runner, seconds: float = _WAITING_SECONDS) -> None:
        super().__init__()
        self._remote, self._inner, self._seconds = remote, inner, seconds

    def run(self, runner_inputs: list[RunnerInput]) -> list[_Known]:
        return [self._run(each) for each in runner_inputs]

    def _run(self, candidate: RunnerInput) -> _Known:
        for attempt in range(_ATTEMPTS):
            try:  # TVM would wait for the device as long as for the slowest candidate
                self._remote.wait(self._seconds)
            except LitePoseError as error:
                self.error = error
                raise
            (future,) = self._inner.run([candidate])
            result = future.result()
            # The second failure in the presence of the device is the candidate's own.
            if result.run_secs or (attempt and self._remote.is_there()):
                break
        return _Known(result)


@derived_object
class _Known(PyRunnerFuture):
    """A result that is there."""

    def __init__(self, result: RunnerResult) -> None:
        super().__init__()
        self._result = result

    def done(self) -> bool:
        return True

    def result(self) -> RunnerResult:
        return self._result


def _shortest_time_there(session: rpc.RPCSession, *arguments: Any) -> list[float]:
    _use_threads(session, 1)
    return shortest_time(*arguments)


def _use_threads(session: rpc.RPCSession, threads: int) -> None:
    session.get_function('runtime.config_threadpool')(1, threads)  # the big cores first
