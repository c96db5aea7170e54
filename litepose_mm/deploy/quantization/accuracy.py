"""The accuracy that an int8 model has to keep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ...annotations.values import image_path
from ...errors import LitePoseError
from ...evaluation.functional.average_precision import Truth
from ...media import read_image
from ...runtime import PoseEstimator


@dataclass(frozen=True)
class AccuracyGoal:
    """How much AP int8 may cost, against the same engine in float32.

    Args:
        pictures: A folder.
        annotations: Of keypoints in COCO's form; only pictures that it names are looked at.
        max_loss: In points of AP, 0 to 100.

    Raises:
        LitePoseError: ``max_loss`` is no such number.
    """

    pictures: str | Path
    annotations: str | Path
    max_loss: float = 1.5

    def __post_init__(self) -> None:
        if not 0 <= self.max_loss <= 100:
            raise LitePoseError(f'max_loss: expected points of AP, 0 to 100, got {self.max_loss}')

    def average_precision(self, folder: str | Path) -> float:
        """AP of an exported model, 0 to 100."""
        estimator = PoseEstimator(folder)
        truth = Truth.load(self.annotations, estimator.skeleton)
        paths = {number: image_path(self.pictures, name) for number, name in truth.files.items()}
        return truth.average_precision(
            {number: estimator(read_image(path)) for number, path in paths.items()}
        )
