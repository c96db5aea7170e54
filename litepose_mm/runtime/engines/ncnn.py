"""ncnn on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import ncnn
import numpy as np

from ...errors import LitePoseError
from ...openmp import check_fork, keep_forks_computing
from .base import Engine

_LIBRARY = ncnn.ncnn.__file__  # which brings its own OpenMP
keep_forks_computing(_LIBRARY)


def set_precision(net: ncnn.Net, precision: str) -> None:
    """Makes a network, before it is loaded, calculate in a precision; ncnn's own is not float32."""
    options, half = net.opt, precision == 'fp16'
    options.use_fp16_packed = options.use_fp16_storage = options.use_fp16_arithmetic = half
    options.use_bf16_storage = precision == 'bf16'


class NcnnEngine(Engine):
    """Runs ``*.ncnn.param`` with ``*.ncnn.bin``, one input after the other."""

    batch_limit: ClassVar[int | None] = 1

    def _load(self, folder: Path, threads: int | None) -> None:
        if self.card.outputs != 'maps':
            raise LitePoseError(
                f"ncnn runs models with the outputs 'maps', got {self.card.outputs!r}, which take "
                'operators that it lacks; export maps, or take another engine'
            )
        self._net = ncnn.Net()
        if threads is not None:
            self._net.opt.num_threads = threads
        set_precision(self._net, self.card.precision)
        param = self.card.file(folder, '.param')
        weights = self.card.file(folder, '.bin')
        if self._net.load_param(str(param)) or self._net.load_model(str(weights)):
            raise ValueError('it is damaged or has layers that this ncnn lacks')
        # pnnx calls the outputs out0 and out1; in the order of the alphabet, these are the card's
        # as well as heatmaps and tags are.
        (self._input,), self._outputs = self._net.input_names(), sorted(self._net.output_names())
        if len(self._outputs) != len(self.card.output_names):
            raise ValueError(f'expected 2 outputs, got {", ".join(self._outputs)}')

    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        check_fork(_LIBRARY)
        extractor = self._net.create_extractor()
        extractor.input(self._input, ncnn.Mat(batch[0]))
        outputs = []
        for name in self._outputs:
            failed, output = extractor.extract(name)
            if failed:
                raise RuntimeError(f'no output {name!r}; there may be too little memory')
            outputs.append(np.array(output)[None])
        return outputs
