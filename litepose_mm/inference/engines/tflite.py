"""The engine TFLite, which phones have and which is called LiteRT today, on CPUs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from ...errors import LitePoseError
from .base import Engine

if TYPE_CHECKING:
    from torch.export import ExportedProgram

    from ..card import ModelCard


class TFLiteEngine(Engine):
    """Runs ``*.tflite``, one input of one shape at a time."""

    name = extra = 'tflite'
    library = 'ai_edge_litert'
    packages = ('litert_torch',)
    precisions = ('fp32',)
    any_shape = False
    runs_decoding = False
    writes_program = True
    batch_limit: ClassVar[int | None] = 1

    @classmethod
    def check(cls, precision: str, card: ModelCard | None = None) -> None:
        if find_spec('litert_torch') is None:  # no extra has it, because it brings JAX and more
            raise LitePoseError(
                f'exporting for {cls.name} needs litert_torch: pip install litert-torch'
            )
        super().check(precision, card)

    @classmethod
    def write(  # type: ignore[override]  # see writes_program
        cls, graph: ExportedProgram, folder: Path, precision: str
    ) -> None:
        import litert_torch

        litert_torch.config.show_progress = False
        module = graph.module()
        module.training = False  # a program cannot change its mode, and is in none
        converted = litert_torch.convert(module, graph.example_inputs[0])
        converted.export(str(folder / 'model.tflite'))

    def _load(self, folder: Path, threads: int | None) -> None:
        self._file, self._threads = self.card.file(folder, '.tflite'), threads
        self._open()

    def _open(self) -> None:
        from ai_edge_litert import interpreter

        self._interpreter = interpreter.Interpreter(str(self._file), num_threads=self._threads)
        self._interpreter.allocate_tensors()
        # Runs take turns, because they share the interpreter's memory.
        self._turn, self._process = Lock(), os.getpid()

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        if self._process != os.getpid():  # a fork has no worker threads, nor whom to wait for
            self._inherited: Any = self._interpreter  # ending it would wait for them
            self._open()
        with self._turn:
            (entry,) = self._interpreter.get_input_details()
            self._interpreter.set_tensor(entry['index'], batch)
            self._interpreter.invoke()
            outputs = self._interpreter.get_output_details()
            return [self._interpreter.get_tensor(output['index']) for output in outputs]
