"""Export models for the engines that are compared."""

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
    """Export a built model for ``candidate`` (engine-precision), with one input size only."""
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
