"""The base class of engines: their abilities, checks, batching and one-line errors."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from ...errors import CannotExport, LitePoseError, reason
from ..devices import load_on_device
from ..images import check_positive, inputs_text, one_line_errors
from ..preprocessing import Normaliser

if TYPE_CHECKING:
    from onnx import ModelProto

    from ...deploy.quantization.accuracy import Trials
    from ...deploy.quantization.calibration import Calibration
    from ..card import ModelCard


class Option(NamedTuple):
    """An option of an engine's export, which ``litepose export`` offers as ``--name``.

    Args:
        name: Name of the keyword argument of :meth:`Engine.write`.
        help: What it does.
        metavar: What help texts call its value; None makes it a switch.
    """

    name: str
    help: str
    metavar: str | None = None


class Engine(ABC):
    """An instance is a loaded model, and the class describes the engine. Threads may share it.

    Modules of engines import the engine's library only inside methods, because listing the engines
    imports all of these modules.

    Args:
        folder: Folder with the model's files.
        card: The model's card.
        threads: Number of threads for each call; None leaves it to the engine.
        streams: Number of calls that are to run at the same time.
        device: A kind of :attr:`device_kinds`, with a number if there are several, such as
            ``cuda:1`` or ``gpu.1``; None means the CPU. If it is absent or fails, the next best one
            is used, with a warning.

    Attributes:
        card: The model's card.
        streams: Number of calls that run at the same time.
        device: The device that is used.

    Raises:
        LitePoseError: The engine cannot load the model, or knows no such device.
        ImportError: The engine is not installed.
    """

    #: The engine's name in cards and commands.
    name: ClassVar[str]
    #: Import name of the package that runs it; None means the engine's name.
    library: ClassVar[str | None] = None
    #: The extra that installs it: ``pip install litepose_mm[EXTRA]``.
    extra: ClassVar[str] = 'runtime'
    #: Import names of the packages that conversion needs.
    packages: ClassVar[tuple[str, ...]] = ()
    #: Kinds of devices that it can run on, as its own users name them in lower case, the fastest
    #: first and the CPU last.
    device_kinds: ClassVar[tuple[str, ...]] = ('cpu',)
    #: Precisions of its computation, apart from int8.
    precisions: ClassVar[tuple[str, ...]] = ('fp32', 'fp16', 'bf16')
    #: Whether models accept inputs of any shape, in float and in int8.
    any_shape: ClassVar[bool] = True
    int8_any_shape: ClassVar[bool] = True
    #: Import names of the packages that int8 needs in addition; empty if there is no int8.
    int8_packages: ClassVar[tuple[str, ...]] = ()
    #: Whether it runs graphs that do part of the decoding, see :class:`Decoder`.
    runs_decoding: ClassVar[bool] = True
    #: The engine's own maximum batch size, besides the card's limit; None means any.
    batch_limit: ClassVar[int | None] = None
    #: Whether its graphs take images as they are and normalise them.
    takes_images: ClassVar[bool] = False
    #: Whether it loads ONNX files as they are.
    reads_onnx: ClassVar[bool] = False
    #: Whether models are exported for it, by default through ONNX.
    runs_onnx: ClassVar[bool] = True
    #: Whether :meth:`write` takes a program of ``torch.export``, which normalises images itself, in
    #: place of an ONNX file.
    writes_program: ClassVar[bool] = False
    #: Whether it implements :meth:`time`.
    can_time: ClassVar[bool] = False
    #: Options of :meth:`write` besides the precision, and of :meth:`time`.
    options: ClassVar[tuple[Option, ...]] = ()
    #: Rank among the engines that commands choose automatically, the fastest first
    #: (docs/deploy.md, Time); None means that it is only used on request.
    rank: ClassVar[int | None] = None

    @classmethod
    def write(cls, onnx_file: Path, folder: Path, precision: str) -> Mapping[str, Any] | None:
        """Writes the engine's files into an empty folder.

        Engines may have further keyword arguments, which :attr:`options` describes.

        Args:
            onnx_file: The graph in float32 or int8. Temporary files may be created beside it.
            folder: Folder to write to.
            precision: ``'fp32'``, ``'fp16'``, ``'bf16'`` or ``'int8'``.

        Returns:
            Facts about the files for the card, as JSON-compatible values, if there are any.
        """
        raise NotImplementedError

    @classmethod
    def quantize(cls, graph: Path, inputs: Calibration, trials: Trials | None) -> ModelProto:
        """Returns the graph with int8 layers, for :meth:`write`.

        Args:
            graph: ONNX file in float32. Temporary files may be created beside it.
            inputs: Inputs on which the range of each layer is measured.
            trials: Measure the accuracy to preserve; None if there is no such goal.
        """
        raise NotImplementedError

    @classmethod
    def time(
        cls, onnx_model: bytes, inputs: np.ndarray, threads: int
    ) -> Callable[[int], list[float]]:
        """Returns a function that runs a graph a given number of times and returns their seconds.

        It runs the graph once before, to fill caches that other work has used. Engines may have
        further keyword arguments, which :attr:`options` describes.

        Args:
            onnx_model: Contents of an ONNX file with the input ``inputs``; for engines without
                :attr:`runs_onnx`, the network itself.
            inputs: Float32.
            threads: Number of threads.
        """
        raise NotImplementedError

    @classmethod
    def runs_here(cls, **options: Any) -> bool:
        """Whether models exported with these options run in this package on this machine."""
        return True

    @classmethod
    def devices_here(cls) -> Collection[str]:
        """The kinds of :attr:`device_kinds` that the installed engine finds on this machine."""
        return cls.device_kinds

    @classmethod
    def quickest_precision(cls, device: str | None = None) -> str:
        """The fastest precision of float models for which the device has instructions."""
        return 'fp32'

    @classmethod
    def is_installed(cls) -> bool:
        """Whether the package that runs it is installed."""
        return find_spec(cls.library or cls.name) is not None

    @classmethod
    def can_convert(cls) -> bool:
        """Whether the engine and the packages that conversion needs are installed."""
        return cls.runs_onnx and cls.is_installed() and all(map(find_spec, ('onnx', *cls.packages)))

    @classmethod
    def check(cls, precision: str, card: ModelCard | None = None) -> None:
        """Checks that the engine supports an export.

        Args:
            precision: Precision of the exported model.
            card: Card of the model; None if it is not known yet.

        Raises:
            LitePoseError: The engine does not support it, or a package is missing.
        """
        if not cls.runs_onnx:
            raise LitePoseError(f'engine: {cls.name} runs models directly and needs no export')
        precisions = cls.precisions + ('int8',) * bool(cls.int8_packages)
        if precision not in precisions:
            raise LitePoseError(
                f'precision: expected {" or ".join(precisions)} for {cls.name}, got {precision!r}; '
                'change it, or use another engine'
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
                f'outputs: {cls.name} lacks operators that compute '
                f"{', '.join(card.decoder.output_names)}; export with outputs 'maps', or use "
                'another engine'
            )
        if int8 and not cls.int8_any_shape and card.input_shape is None:
            raise CannotExport(
                f'{cls.name} in int8 only supports models with a fixed input shape; '
                'choose one with --static WIDTHxHEIGHT, or use another engine'
            )

    @classmethod
    def check_options(cls, options: Iterable[str]) -> None:
        """Checks that the engine has these options.

        Raises:
            LitePoseError: It lacks one.
        """
        unknown = set(options) - {option.name for option in cls.options}
        if unknown:
            raise LitePoseError(f'{min(unknown)}: {cls.name} has no such option; leave it out')

    @classmethod
    def convert(
        cls, onnx_file: Path, folder: Path, precision: str, **options: Any
    ) -> dict[str, Any]:
        """Runs :meth:`write` and turns its errors into single lines.

        Returns:
            Facts about the files for the card.

        Raises:
            LitePoseError: The engine's converter fails, or has no such option.
        """
        cls.check_options(options)
        try:
            return dict(cls.write(onnx_file, folder, precision, **options) or {})
        except LitePoseError:
            raise
        except Exception as error:  # a converter can raise anything
            raise CannotExport(
                f'the model cannot be converted for {cls.name}: {reason(error)}'
            ) from error

    def __init__(
        self,
        folder: str | Path,
        card: ModelCard,
        threads: int | None = None,
        streams: int = 1,
        device: str | None = None,
    ) -> None:
        if threads is not None:
            check_positive('threads', threads)
        check_positive('streams', streams)
        self.card, self.streams = card, streams
        self._inputs = np.ascontiguousarray if card.input_type == 'uint8' else Normaliser(card)
        try:
            load_on_device(type(self), device, partial(self._start, Path(folder), threads))
        except (LitePoseError, ImportError):
            raise
        except Exception as error:  # an engine can raise anything
            raise LitePoseError(
                f'{card.engine} cannot load the model in {folder}: {reason(error)}; export it '
                f'again, or install the version of {card.engine} that its card lists'
            ) from error

    def _start(self, folder: Path, threads: int | None, device: str) -> None:
        """Loads the model on a device, and runs it once where drivers only fail then."""
        self.device = device
        self._load(folder, threads)
        if device != 'cpu':
            image = np.zeros((480, 640, 3), np.uint8)
            resized = self.card.resize.resize(image, self.card.input_shape)
            self._run(self._inputs(resized[0].image[None]))

    @abstractmethod
    def _load(self, folder: Path, threads: int | None) -> None:
        """Loads the model's files, whose hashes have been checked, on :attr:`device`."""

    @abstractmethod
    def _run(self, batch: np.ndarray) -> Sequence[np.ndarray]:
        """Returns the outputs that ``card.decoder`` names, in order, for a valid batch.

        The batch is contiguous and as the card's ``input_type`` says. Several threads may call this
        at once. The returned arrays must not change later, so the engine's memory is copied before
        another run can reuse it.
        """

    def run(self, batch: np.ndarray) -> tuple[np.ndarray, ...]:
        """Runs the model, and splits batches that are too large.

        Args:
            batch: Images of the input's size, BGR ``(B, H, W, 3)`` uint8.

        Returns:
            Float32 arrays in the order of ``card.decoder.output_names``.

        Raises:
            LitePoseError: The model does not accept the batch's shape, its outputs do not match
                its card, the engine fails, or memory runs out.
        """
        self._check_batch(batch)
        limits = (self.card.batch_limit, self.batch_limit, len(batch))
        step = min(limit for limit in limits if limit is not None)
        parts = [self._run_part(batch[i : i + step]) for i in range(0, len(batch), step)]
        outputs = tuple(np.concatenate(part) if len(part) > 1 else part[0] for part in zip(*parts))
        self._check_outputs(outputs, batch.shape)
        return outputs

    def _run_part(self, batch: np.ndarray) -> list[np.ndarray]:
        what = inputs_text(len(batch), batch.shape[2], batch.shape[1])
        try:
            with one_line_errors(what):
                outputs = self._run(self._inputs(batch))
        except LitePoseError:
            raise
        except Exception as error:
            if not self.runs_onnx:
                raise  # a bug of the network, for which the traceback helps
            advice = f'install the version of {self.card.engine} that its card lists'
            if self.card.input_shape is None:
                shape = f'{batch.shape[2]}x{batch.shape[1]}'
                advice += f', or, if only this shape fails, export the model with --static {shape}'
            raise LitePoseError(
                f'{self.card.engine} fails on {what}: {reason(error)}; {advice}'
            ) from error
        return [np.asarray(output, dtype=np.float32) for output in outputs]

    def _check_batch(self, batch: np.ndarray) -> None:
        if not isinstance(batch, np.ndarray) or batch.dtype != np.uint8 or batch.ndim != 4:
            got = getattr(batch, 'dtype', type(batch).__name__)
            raise LitePoseError(
                f'expected images as a uint8 array (B, H, W, 3), got {got} '
                f'{getattr(batch, "shape", "")}'
            )
        shape, divisor = self.card.input_shape, self.card.resize.divisor
        height, width = batch.shape[1:3]
        if shape is None:
            expected = f'(B, H, W, 3) with H and W multiples of {divisor}'
            fits = height > 0 < width and height % divisor == width % divisor == 0
        else:
            expected, fits = f'(B, {shape[0]}, {shape[1]}, 3)', (height, width) == shape
        if not fits or batch.shape[3] != 3 or not len(batch):
            raise LitePoseError(
                f'the model {self.card.name}: expected inputs {expected}, got {batch.shape}; '
                'resize them, or export the model for another shape'
            )

    def _check_outputs(self, outputs: Sequence[np.ndarray], batch_shape: Sequence[int]) -> None:
        decoder = self.card.decoder
        count, height, width, _ = batch_shape
        expected = decoder.output_shapes(count, (height, width))
        got = tuple(output.shape for output in outputs)
        if not all(map(_fits, got, expected)):
            raise LitePoseError(
                'the model does not match its card: expected outputs '
                f'{", ".join(decoder.output_names)} of shapes {expected}, got {got}; export it '
                'again'
            )


def stopwatch(run: Callable[[], object]) -> Callable[[int], list[float]]:
    """Returns a function that times some calls on this machine, for :meth:`Engine.time`."""

    def seconds(runs: int) -> list[float]:
        times = []
        for _ in range(1 + runs):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        return times[1:]

    return seconds


def _fits(shape: Sequence[int], expected: Sequence[int | None]) -> bool:
    return len(shape) == len(expected) and all(
        want in (None, side) for side, want in zip(shape, expected)
    )
