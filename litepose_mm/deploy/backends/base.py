"""What the exporter has to know of an engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import LitePoseError, reason

if TYPE_CHECKING:
    from ..quantization.base import Quantizer


@dataclass(frozen=True)
class Backend:
    """How an engine's files are written, and what the engine can do.

    Args:
        name: Of the engine.
        write: Called with the ONNX file, the folder to write to and the precision.
        extra: What installs it: ``pip install litepose_mm[EXTRA]``.
        packages: What writing needs, by the names that are imported.
        precisions: What the engine can calculate in.
        outputs: Kinds of outputs that it can run.
        any_shape: Whether it can leave the input's shape open.
        quantizer: Makes the quantiser of a graph, see :class:`Quantizer`; None: there is no int8.
        int8_any_shape: Whether it can leave the shape open in int8 too.
        int8_packages: What int8 needs beside, by the names that are imported.
        has_runtime: Whether :mod:`litepose_mm.runtime` runs it, so that there is a card.
    """

    name: str
    write: Callable[[Path, Path, str], None]
    extra: str
    packages: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ('fp32', 'fp16', 'bf16')
    outputs: tuple[str, ...] = ('maps', 'candidates')
    any_shape: bool = True
    quantizer: Callable[..., Quantizer] | None = None
    int8_any_shape: bool = True
    int8_packages: tuple[str, ...] = ()
    has_runtime: bool = True

    def check(self, precision: str, outputs: str, has_shape: bool) -> None:
        """Refuses what the engine cannot do here.

        Raises:
            LitePoseError: It cannot, or a package is missing.
        """
        for what, value, choices in (
            ('precision', precision, self.precisions + ('int8',) * bool(self.quantizer)),
            ('outputs', outputs, self.outputs),
        ):
            if value not in choices:
                raise LitePoseError(
                    f'{what}: {self.name} takes {" or ".join(choices)}, got {value!r}; take '
                    f'{"that" if len(choices) == 1 else "one of these"}, or another engine'
                )
        int8 = precision == 'int8'
        any_shape = self.any_shape and (self.int8_any_shape or not int8)
        if not (any_shape or has_shape):
            raise LitePoseError(
                f'{self.name}{" in int8" * int8} takes inputs of one shape only; give it (--static '
                'WIDTHxHEIGHT), or take another engine'
            )
        packages = self.packages + self.int8_packages * int8
        missing = [package for package in packages if find_spec(package) is None]
        if missing:
            raise LitePoseError(
                f'exporting {precision} for {self.name} needs {" and ".join(missing)}: '
                f'pip install "litepose_mm[export,{self.extra}{",int8" * int8}]"'
            )

    def convert(self, onnx_file: Path, folder: Path, precision: str) -> None:
        """Writes the engine's files.

        Raises:
            LitePoseError: The engine's converter cannot.
        """
        try:
            self.write(onnx_file, folder, precision)
        except Exception as error:  # a converter raises what it likes
            raise LitePoseError(
                f'the model cannot be converted for {self.name}: {reason(error)}'
            ) from error
