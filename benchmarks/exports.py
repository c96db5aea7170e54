"""Export models for the engines that are compared."""

from pathlib import Path

from torch import nn

from litepose_mm.deploy import export_model


def export_candidate(
    model: nn.Module,
    candidate: str,
    folder: Path,
    input_shape: tuple[int, int],
    calibration: Path,
) -> None:
    """Export a built model for ``candidate`` (engine-precision), with one input size only.

    Kernels of TVM that are not tuned yet are tuned first, into the user's database.
    """
    engine, precision = candidate.split('-')
    if engine == 'tvm':
        _tune(model, input_shape)
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


def _tune(model: nn.Module, input_shape: tuple[int, int]) -> None:
    from litepose_mm.deploy.tuning import model_kernels
    from litepose_mm.tvm.build import known_kernels
    from litepose_mm.tvm.database import Header, default_folder, open_database
    from litepose_mm.tvm.targets import HOST, get_device
    from litepose_mm.tvm.tuning import Tuner, best_seconds

    device = get_device(HOST)
    known, kernels = known_kernels(device), model_kernels(model, device, input_shape)
    unknown = [each for each in kernels if best_seconds(known, each) == float('inf')]
    database = open_database(default_folder(device.name), Header(device.name))
    for _ in Tuner(unknown, device, database).run():
        pass
