"""ncnn, through pnnx."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from .base import Backend


def write(onnx_file: Path, folder: Path, precision: str) -> None:
    """Writes ``model.ncnn.param`` and ``model.ncnn.bin``; with fp16, of half the size."""
    import pnnx

    # pnnx writes half a dozen files beside the one that it reads.
    work = onnx_file.parent
    command = [pnnx.EXEC_PATH, onnx_file.name, f'fp16={int(precision == "fp16")}']
    done = subprocess.run(command, cwd=work, capture_output=True, text=True, errors='replace')
    names = [f'{onnx_file.stem}.ncnn.{suffix}' for suffix in ('param', 'bin')]
    if done.returncode or not all((work / name).is_file() for name in names):
        lines = (done.stderr or done.stdout).strip().splitlines()
        raise RuntimeError(f'pnnx failed: {lines[-1] if lines else f"status {done.returncode}"}')
    for name in names:
        shutil.copyfile(work / name, folder / name)


# Candidates take operators that ncnn lacks.
BACKEND = Backend(
    'ncnn', write, 'ncnn', packages=('pnnx', 'ncnn'), outputs=('maps',), any_shape=False
)
