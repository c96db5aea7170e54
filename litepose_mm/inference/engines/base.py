"""What all engines have in common: what they can do, checks, batches, and errors in one line."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ...errors import CannotExport, LitePoseError, reason
from ..images import check_positive, inputs_text, one_line_errors

if TYPE_CHECKING:
    from onnx import ModelProto

    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration
    from ..card import ModelCard


class Engine(ABC):
    """A model, loaded; and as a class, all that is known of an engine. Threads may share it.

    Its module imports the engine's library only inside methods, since every engine is looked at in
    order to list them.

    Args:
        folder: Where the model's files are.
        card: Its card.
        threads: How many threads the engine takes; ``None`` leaves it to the engine.

    Attributes:
        card: The model's card.

    Raises:
        LitePoseError: The engine cannot load the model.
        ImportError: It is not installed.
    """

    #: What cards and commands call it.
    name: ClassVar[str]
    #: The package that runs it, by the name that is imported; None: that of the engine.
    library: ClassVar[str | None] = None
    #: What installs it: ``pip install litepose_mm[EXTRA]``.
    extra: ClassVar[str] = 'runtime'
    #: What converting needs, by the names that are imported.
    packages: ClassVar[tuple[str, ...]] = ()
    #: What it calculates in without calibration.
    precisions: ClassVar[tuple[str, ...]] = ('fp32', 'fp16', 'bf16')
    #: Whether a model can leave the shape of its input open, in float and in int8.
    any_shape: ClassVar[bool] = True
    int8_any_shape: ClassVar[bool] = True
    #: What int8 needs beside, by the names that are imported; none: there is no int8.
    int8_packages: ClassVar[tuple[str, ...]] = ()
    #: Whether it runs graphs that do a part of the decoding, see :class:`Decoder`.
    runs_decoding: ClassVar[bool] = True
    #: Most inputs at once that it can take, beside the card's limit; ``None``: any number.
    batch_limit: ClassVar[int | None] = None
    #: Whether models are exported for it, through ONNX.
    runs_onnx: ClassVar[bool] = True
    #: Whether it offers :meth:`time`.
    can_time: ClassVar[bool] = False
    #: Whether its models run here; others are made for use elsewhere.
    runs_here: ClassVar[bool] = True
    #: Its place among the engines that a command picks by itself, the quickest first
    #: (docs/deploy.md, Time); None: it is taken only where it is asked for.
    rank: ClassVar[int | None] = None

    @classmethod
    def write(cls, onnx_file: Path, folder: Path, precision: str) -> None:
        """Writes the engine's files into an empty folder.

        Args:
            onnx_file: The graph in float32, or in int8. Others may be made beside it.
            folder: Where to write.
            precision: ``'fp32'``, ``'fp16'``, ``'bf16'`` or ``'int8'``.
        """
        raise NotImplementedError

    @classmethod
    def quantize(cls, graph: Path, inputs: Calibration, trials: Trials | None) -> ModelProto:
        """The graph with int8 layers, as :meth:`write` takes it.

        Args:
            graph: ONNX file in float32. Others may be made beside it.
            inputs: What the range of each layer is measured on.
            trials: Of the accuracy to keep; None: nobody asked for one.
        """
        raise NotImplementedError

    @classmethod
    def time(cls, onnx_model: bytes, inputs: np.ndarray, threads: int) -> Callable[[], object]:
        """A function that runs a graph once on the inputs, for layers and networks that are timed.

        Args:
            onnx_model: An ONNX file with the input ``inputs``; without :attr:`runs_onnx` the
                network itself.
            inputs: Float32.
            threads: How many threads it takes.
        """
        raise NotImplementedError

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the package that runs it is there."""
        return find_spec(cls.library or cls.name) is not None

    @classmethod
    def can_convert(cls) -> bool:
        """Whether it is installed with what converts to it."""
        return cls.runs_onnx and cls.is_installed() and all(map(find_spec, ('onnx', *cls.packages)))

    @classmethod
    def check(cls, precision: str, card: ModelCard | None = None) -> None:
        """Refuses what the engine cannot do here.

        Args:
            precision: What it should calculate in.
            card: Of the model that is to be exported; None: it is not known yet.

        Raises:
            LitePoseError: It cannot, or a package is missing.
        """
        if not cls.runs_onnx:
            raise LitePoseError(f'engine: {cls.name} runs models as they are, without an export')
        precisions = cls.precisions + ('int8',) * bool(cls.int8_packages)
        if precision not in precisions:
            raise LitePoseError(
                f'precision: {cls.name} takes {" or ".join(precisions)}, got {precision!r}; take '
                f'{"that" if len(precisions) == 1 else "one of these"}, or another engine'
            )
        int8 = precision == 'int8'
        packages = cls.packages + cls.int8_packages * int8
        missing = [package for package in packages if find_spec(package) is None]
        if missing:
            raise LitePoseError(
                f'exporting {precision} for {cls.name} needs {" and ".join(missing)}: '
                f'pip install "litepose_mm[export,{cls.extra}{",int8" * int8}]"'
            )
        if card is None:
            return
        if card.decoder.works_in_graph and not cls.runs_decoding:
            raise CannotExport(
                f'outputs: {cls.name} lacks operators of {", ".join(card.decoder.output_names)}; '
                "export the outputs 'maps', or take another engine"
            )
        any_shape = cls.any_shape and (cls.int8_any_shape or not int8)
        if not any_shape and card.input_shape is None:
            raise CannotExport(
                f'{cls.name}{" in int8" * int8} takes inputs of one shape only; give it (--static '
                'WIDTHxHEIGHT), or take another engine'
            )

    @classmethod
    def convert(cls, onnx_file: Path, folder: Path, precision: str) -> None:
        """As :meth:`write`, with errors in one line.

        Raises:
            LitePoseError: The engine's converter cannot.
        """
        try:
            cls.write(onnx_file, folder, precision)
        except Exception as error:  # a converter raises what it likes
            raise CannotExport(
                f'the model cannot be converted for {cls.name}: {reason(error)}'
            ) from error

    def __init__(self, folder: str | Path, card: ModelCard, threads: int | None = None) -> None:
        if threads is not None:
            check_positive('threads', threads)
        self.card = card
        try:
            self._load(Path(folder), threads)
        except (LitePoseError, ImportError):
            raise
        except Exception as error:  # an engine raises what it likes
            raise LitePoseError(
                f'{card.engine} cannot load the model in {folder}: {reason(error)}; export it '
                f'again, or install the {card.engine} that its card names under versions'
            ) from error

    @abstractmethod
    def _load(self, folder: Path, threads: int | None) -> None:
        """Loads the model's files, whose hashes are checked."""

    @abstractmethod
    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        """The outputs that ``card.decoder`` names, in order, for a batch that fits.

        Several threads call it at once. Nothing may write to the arrays later: the engine's memory
        is copied before another run can get it.
        """

    def run(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Runs the model; a batch that is too large in pieces.

        Args:
            batch: Normalised inputs, float32 ``(B, 3, H, W)``.

        Returns:
            Float32 arrays in the order of ``card.decoder.output_names``.

        Raises:
            LitePoseError: The batch is not of a shape that the model takes, its outputs are not
                what its card says, the engine fails, or memory runs out.
        """
        self._check_batch(batch)
        batch = np.ascontiguousarray(batch)
        limits = (self.card.batch_limit, self.batch_limit, len(batch))
        step = min(limit for limit in limits if limit is not None)
        parts = [self._run_part(batch[i : i + step]) for i in range(0, len(batch), step)]
        outputs = tuple(np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*parts))
        self._check_outputs(outputs, batch.shape)
        return outputs

    def _run_part(self, batch: np.ndarray) -> list[np.ndarray]:
        what = inputs_text(len(batch), batch.shape[3], batch.shape[2])
        try:
            with one_line_errors(what):
                outputs = self._run(batch)
        except LitePoseError:
            raise
        except Exception as error:
            if not self.runs_onnx:
                raise  # a defect of the network, whose traceback helps
            advice = f'install the {self.card.engine} that its card names under versions'
            if self.card.input_shape is None:
                shape = f'{batch.shape[3]}x{batch.shape[2]}'
                advice += f', or, where only this shape fails, export for it: --static {shape}'
            raise LitePoseError(
                f'{self.card.engine} fails on {what}: {reason(error)}; {advice}'
            ) from error
        return [np.asarray(output, dtype=np.float32) for output in outputs]

    def _check_batch(self, batch: np.ndarray) -> None:
        if not isinstance(batch, np.ndarray) or batch.dtype != np.float32 or batch.ndim != 4:
            got = getattr(batch, 'dtype', type(batch).__name__)
            raise LitePoseError(
                f'expected normalised inputs as a float32 array (B, 3, H, W), got {got} '
                f'{getattr(batch, "shape", "")}'
            )
        shape, divisor = self.card.input_shape, self.card.size_divisor
        height, width = batch.shape[2:]
        if shape is None:
            expected = f'(B, 3, H, W) with sides that are multiples of {divisor}'
            fits = height > 0 < width and height % divisor == width % divisor == 0
        else:
            expected, fits = f'(B, 3, {shape[0]}, {shape[1]})', (height, width) == shape
        if not fits or batch.shape[1] != 3 or not len(batch):
            raise LitePoseError(
                f'the model {self.card.name} takes inputs {expected}, got {batch.shape}; resize '
                'them, or export the model for another shape'
            )

    def _check_outputs(self, outputs: Sequence[np.ndarray], batch_shape: Sequence[int]) -> None:
        decoder = self.card.decoder
        expected = decoder.output_shapes(batch_shape[0], tuple(batch_shape[2:]))
        got = tuple(output.shape for output in outputs)
        if not all(map(_fits, got, expected)):
            raise LitePoseError(
                'the model does not fit its card: expected outputs '
                f'{", ".join(decoder.output_names)} of {expected}, got {got}; export it again'
            )


def _fits(shape: Sequence[int], expected: Sequence[int | None]) -> bool:
    return len(shape) == len(expected) and all(
        want in (None, side) for side, want in zip(shape, expected)
    )
