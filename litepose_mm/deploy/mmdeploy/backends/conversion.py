"""Convert the ONNX file in MMDeploy's folder to the files of a backend."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ....inference.engines import get_engine


def convert(
    engine: str,
    onnx_file: str,
    work_dir: str,
    precision: str,
    suffixes: Sequence[str],
    **options: Any,
) -> list[str]:
    """Write a file for each suffix, named after the ONNX file.

    Further options are those of the engine, see :attr:`Engine.options`.

    Raises:
        LitePoseError: A package is missing, or the model cannot be converted.
    """
    kind, source = get_engine(engine), Path(onnx_file)
    kind.check(precision)
    targets = [Path(work_dir) / f'{source.stem}{suffix}' for suffix in suffixes]
    with TemporaryDirectory() as scratch:
        part, copy = Path(scratch) / 'part', Path(scratch) / 'model.onnx'
        part.mkdir()
        shutil.copyfile(source, copy)
        kind.convert(copy, part, precision, **options)
        for target in targets:
            (written,) = part.glob(f'*{target.suffix}')
            shutil.move(written, target)
    return [str(target) for target in targets]
