"""A model on the engines that are compared with it."""

from pathlib import Path

from torch import nn

from litepose_mm.deploy import export_model
from litepose_mm.runtime import PoseEstimator


def export_candidate(
    model: nn.Module,
    candidate: str,
    folder: Path,
    input_shape: tuple[int, int],
    calibration: Path,
    threads: int,
) -> PoseEstimator:
    """A built model as ``candidate`` (engine-precision) runs it: one input size, not mirrored."""
    engine, precision = candidate.split('-')
    export_model(
        model,
        None,
        folder,
        engine=engine,
        precision=precision,
        input_shape=input_shape,
        flip_test=False,
        calibration=calibration if precision == 'int8' else None,
    )
    return PoseEstimator(folder, threads=threads)
