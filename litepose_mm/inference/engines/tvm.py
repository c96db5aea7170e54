"""The engine TVM, which compiles a network for one processor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from ...errors import LitePoseError
from .base import Engine, Option, stopwatch


class TVMEngine(Engine):
    """Runs ``*.so``, one input of one shape at a time, on the processor that the card names."""

    name = extra = 'tvm'
    packages = ('tvm',)
    precisions = ('fp32',)
    any_shape = False
    runs_decoding = False
    can_time = True
    batch_limit: ClassVar[int | None] = 1
    options = (
        Option('target', 'processor, see docs/deploy.md (default: host)', 'NAME'),
        Option('database', 'folder with kernels that `litepose tune --database` wrote', 'DIR'),
        Option('device', 'key of a device on which to measure the latency', 'KEY'),
        Option('tracker', 'tracker of the device (default: localhost:9190)', 'HOST:PORT'),
        Option('allow_untuned', 'accept kernels that were not tuned, which are slow'),
    )

    @classmethod
    def write(
        cls,
        onnx_file: Path,
        folder: Path,
        precision: str,
        *,
        target: str = 'host',
        database: str | Path | None = None,
        device: str | None = None,
        tracker: str | None = None,
        allow_untuned: bool = False,
    ) -> dict[str, Any]:
        from ...tvm.build import build_library
        from ...tvm.remote import TRACKER, Remote

        remote = Remote(device, tracker or TRACKER) if device else None
        library = folder / 'model.so'
        return build_library(onnx_file, library, target, database, remote, allow_untuned)

    @classmethod
    def runs_here(cls, target: str = 'host', **options: Any) -> bool:
        from ...tvm.targets import get_device

        return get_device(target).is_here

    @classmethod
    def time(
        cls,
        onnx_model: bytes,
        inputs: np.ndarray,
        threads: int,
        *,
        target: str = 'host',
        database: str | Path | None = None,
        device: str | None = None,
        tracker: str | None = None,
        allow_untuned: bool = False,
    ) -> Callable[[int], list[float]]:
        from ...tvm.build import tuned_network
        from ...tvm.remote import where_to_measure
        from ...tvm.runtime import Network
        from ...tvm.targets import get_device

        processor = get_device(target)
        remote = where_to_measure(processor, device, tracker)
        executable = tuned_network(onnx_model, processor, database, remote, allow_untuned)
        if remote is not None:
            return remote.timer(executable, processor, inputs.shape, threads)
        network = Network(executable, threads)
        return stopwatch(lambda: network.run(inputs))

    def _load(self, folder: Path, threads: int | None) -> None:
        from ...tvm.runtime import Network
        from ...tvm.targets import get_device

        device = get_device(self.card.build.get('target', ''))
        if not device.is_here:
            raise LitePoseError(
                f'the model in {folder} is compiled for {device.name}, which this processor is '
                'not; export it again with another --target'
            )
        self._network = Network(self.card.file(folder, '.so'), threads)

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        return self._network.run(batch)
