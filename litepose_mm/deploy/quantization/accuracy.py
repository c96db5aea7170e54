"""The accuracy that an int8 model has to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...annotations.values import image_path
from ...errors import LitePoseError
from ...evaluation.functional.average_precision import Truth
from ...inference.quantizers.graph import convolution_precisions
from ...media import read_image
from ...runtime import PoseEstimator

if TYPE_CHECKING:
    from onnx import ModelProto


@dataclass(frozen=True)
class AccuracyGoal:
    """How much AP int8 may cost, against the same engine in float32.

    Args:
        images: A folder.
        annotations: Of keypoints in COCO's form; only images that it names are looked at.
        max_loss: In points of AP, 0 to 100.

    Raises:
        LitePoseError: ``max_loss`` is no such number.
    """

    image_folder: str | Path
    annotations: str | Path
    max_loss: float = 1.5

    def __post_init__(self) -> None:
        if not 0 <= self.max_loss <= 100:
            raise LitePoseError(f'max_loss: expected points of AP, 0 to 100, got {self.max_loss}')

    def evaluate(
        self, folder: str | Path, images: Iterable[int] | None = None
    ) -> tuple[float, dict[int, float]]:
        """Evaluates an exported model.

        Args:
            folder: Of the model.
            images: Ids of the images to look at; None: all.

        Returns:
            AP, 0 to 100, over all of these images, and of each alone.
        """
        estimator = PoseEstimator(folder)
        truth = Truth.load(self.annotations, estimator.skeleton)
        results = {
            number: estimator(read_image(image_path(self.image_folder, truth.files[number])))
            for number in (truth.files if images is None else images)
        }
        alone = {
            number: max(0.0, truth.average_precision({number: result}))
            for number, result in results.items()
        }
        return truth.average_precision(results), alone


class Trials:
    """Evaluates quantised graphs with the engine that they are for.

    Args:
        goal: The accuracy to keep.
        folder: The model in float32, exported.
        export: Writes a graph for the engine; returns the folder.

    Attributes:
        goal: As given.
        ap_float: AP of the model in float32.
        images: Ids of the annotated images.
    """

    def __init__(
        self, goal: AccuracyGoal, folder: Path, export: Callable[[ModelProto], Path]
    ) -> None:
        self.goal, self._export = goal, export
        self.ap_float, alone = goal.evaluate(folder)
        self.images: Sequence[int] = list(alone)

    def __call__(self, model: ModelProto, images: Iterable[int]) -> tuple[float, list[float]]:
        """AP of a graph over some of the images, and of each alone, as NNCF asks for it."""
        ap, alone = self.goal.evaluate(self._export(model), images)
        if len(alone) == len(self.images):
            precisions = convolution_precisions(model.graph).values()
            print(
                f'AP {ap:.2f} with {sum(each == "fp32" for each in precisions)} of '
                f'{len(precisions)} convolutions in float32 ({self.ap_float:.2f} with all)',
                flush=True,
            )
        return ap, list(alone.values())

    def keeps_goal(self, model: ModelProto) -> bool:
        """Whether a graph loses no more than the goal allows."""
        return self(model, self.images)[0] >= self.ap_float - self.goal.max_loss
