"""COCO's average precision, for data sets that share at least some keypoints with the model."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...annotations import read_people
from ...structures import PoseResult, Skeleton


@dataclass(frozen=True)
class Truth:
    """Annotations in COCO's form, reduced to the keypoints that a model finds.

    Args:
        document: Document in COCO's form whose people have only these keypoints.
        keypoints: Index of each of these keypoints in the model's skeleton.
    """

    document: dict[str, Any]
    keypoints: tuple[int, ...]

    @classmethod
    def load(cls, path: str | Path, skeleton: Skeleton) -> Truth:
        """Read an annotation file and match its keypoints to those of the model by name.

        Raises:
            LitePoseError: The file cannot be used or shares no keypoints with the model, or the
                model's skeleton has no sigmas.
        """
        skeleton.oks_sigmas('AP')
        names = skeleton.keypoint_names
        document = read_people(path, names, missing='left out')
        common = document['categories'][0]['keypoints']
        return cls(document, tuple(names.index(name) for name in common))

    @property
    def files(self) -> dict[int, str]:
        """File name of each image by its id."""
        return {image['id']: image['file_name'] for image in self.document['images']}

    @property
    def boxes(self) -> dict[int, np.ndarray]:
        """Boxes of the annotated people of each image, left, top, right and bottom ``(N, 4)``."""
        boxes: dict[int, list[list[float]]] = {number: [] for number in self.files}
        for person in self.document['annotations']:
            left, top, width, height = person['bbox']
            if width > 0 and height > 0:
                boxes[person['image_id']].append([left, top, left + width, top + height])
        return {number: np.reshape(each, (-1, 4)) for number, each in boxes.items()}

    def average_precision(self, results: Mapping[int, PoseResult]) -> float:
        """Return AP averaged over all OKS thresholds, as in CrowdPose if there are crowd indices.

        Args:
            results: People of each image by its id. Other images are not evaluated.

        Returns:
            AP, 0 to 100; -100 if nobody is annotated in these images.
        """
        evaluation = self._evaluated(results)
        return 0.0 if evaluation is None else _mean_precision(evaluation)

    def confidence_interval(
        self, results: Mapping[int, PoseResult], share: float = 0.95, num_samples: int = 1000
    ) -> tuple[float, float]:
        """Estimate a confidence interval of AP by bootstrap over the images, with seed 0.

        Args:
            results: See :meth:`average_precision`.
            share: Probability that AP lies in the interval, 0 to 1.
            num_samples: Number of bootstrap samples.

        Returns:
            Lower and upper bound of AP.
        """
        evaluation = self._evaluated(results)
        if evaluation is None:
            return 0.0, 0.0
        # One entry for each category, size and image; images vary fastest.
        entries = np.reshape(np.array(evaluation.evalImgs, dtype=object), (-1, len(results)))
        random, found = np.random.default_rng(0), []
        for _ in range(num_samples):
            drawn = random.integers(len(results), size=len(results))
            evaluation.evalImgs = entries[:, drawn].flatten().tolist()
            with redirect_stdout(io.StringIO()):
                evaluation.accumulate()
            found.append(_mean_precision(evaluation))
        low, high = np.quantile(found, [(1 - share) / 2, (1 + share) / 2])
        return float(low), float(high)

    def _evaluated(self, results: Mapping[int, PoseResult]) -> Any:
        """Run COCO's evaluation of the results; None if nobody was found."""
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval

        document, shared = self.document, list(self.keypoints)
        found = []
        for number, result in results.items():
            for person in result.to_coco(number, document['categories'][0]['id']):
                triples = np.reshape(person['keypoints'], (-1, 3))[shared]
                found.append({**person, 'keypoints': triples.flatten().tolist()})
        if not found:
            return None
        is_crowd = all('crowdIndex' in image for image in document['images'])
        sigmas = next(iter(results.values())).skeleton.oks_sigmas('AP')[shared]
        with redirect_stdout(io.StringIO()):
            truth = COCO()
            truth.dataset = document
            truth.createIndex()
            evaluation = COCOeval(
                truth,
                truth.loadRes(found),
                'keypoints_crowd' if is_crowd else 'keypoints',
                sigmas,
            )
            evaluation.params.useSegm = None
            evaluation.params.imgIds = list(results)
            evaluation.evaluate()
            evaluation.accumulate()
        return evaluation


def _mean_precision(evaluation: Any) -> float:
    # Axes: thresholds, recalls, categories, sizes (the first is all), limits. -1 means that nobody
    # is annotated.
    precision = evaluation.eval['precision'][:, :, 0, 0, 0]
    return 100 * float(precision[precision > -1].mean()) if (precision > -1).any() else -100.0
