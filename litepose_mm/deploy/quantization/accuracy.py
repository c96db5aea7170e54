"""The accuracy goal of an int8 model."""

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
    """The largest loss of AP in int8, compared with the same engine in float32.

    Args:
        image_folder: Folder with images.
        annotations: File with keypoints in COCO's form, whose images are evaluated.
        max_loss: Largest loss in points of AP, 0 to 100.

    Raises:
        LitePoseError: ``max_loss`` is out of its range.
    """

    image_folder: str | Path
    annotations: str | Path
    max_loss: float = 1.5

    def __post_init__(self) -> None:
        if not 0 <= self.max_loss <= 100:
            raise LitePoseError(
                f'max_loss: expected points of AP from 0 to 100, got {self.max_loss}'
            )

    def evaluate(
        self, folder: str | Path, images: Iterable[int] | None = None
    ) -> tuple[float, dict[int, float]]:
        """Evaluate an exported model.

        Args:
            folder: Folder of the model.
            images: Ids of the images to evaluate; None for all images.

        Returns:
            AP, 0 to 100, of all these images together, and of each image.
        """
        estimator = PoseEstimator(folder)
        truth = Truth.load(self.annotations, estimator.skeleton)
        boxes = truth.boxes if estimator.takes_boxes else {}
        results = {
            number: estimator(
                read_image(image_path(self.image_folder, truth.files[number])), boxes.get(number)
            )
            for number in (truth.files if images is None else images)
        }
        alone = {
            number: max(0.0, truth.average_precision({number: result}))
            for number, result in results.items()
        }
        return truth.average_precision(results), alone


class Trials:
    """Evaluates quantised graphs with their engine.

    Args:
        goal: The accuracy goal.
        folder: Folder of the model that is exported in float32.
        export: Function that exports a graph for the engine and returns the folder.

    Attributes:
        goal: The accuracy goal.
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
        """Return AP of a graph on some of the images, and of each image, as NNCF expects it."""
        ap, alone = self.goal.evaluate(self._export(model), images)
        if len(alone) == len(self.images):
            precisions = convolution_precisions(model.graph).values()
            print(
                f'AP {ap:.2f} with {sum(each == "fp32" for each in precisions)} of '
                f'{len(precisions)} convolutions in float32 (AP {self.ap_float:.2f} with all)',
                flush=True,
            )
        return ap, list(alone.values())

    def keeps_goal(self, model: ModelProto) -> bool:
        """Return whether a graph loses no more AP than the goal allows."""
        return self(model, self.images)[0] >= self.ap_float - self.goal.max_loss
