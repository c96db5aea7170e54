"""COCO's average precision of results, for data sets that share some keypoints with the model."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..datasets.annotation_checks import read_people
from ..structures import PoseResult, Skeleton


@dataclass(frozen=True)
class Truth:
    """An annotation file in COCO's form, reduced to the keypoints that a model finds.

    Args:
        document: As COCO's, people with these keypoints only.
        keypoints: Index of each in the model's skeleton.
    """

    document: dict[str, Any]
    keypoints: tuple[int, ...]

    @classmethod
    def load(cls, path: str | Path, skeleton: Skeleton) -> Truth:
        """Reads a file as training and evaluation do; keypoints are matched by name.

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
        """Name of each picture by its number."""
        return {image['id']: image['file_name'] for image in self.document['images']}

    def average_precision(self, results: Mapping[int, PoseResult]) -> float:
        """AP over all similarities, 0 to 100; -100 where nobody is annotated on these images.

        CrowdPose's rule where the file has its crowd index.

        Args:
            results: People of each picture, by its number. Pictures that are not there do not
                count.
        """
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval

        document, joints = self.document, list(self.keypoints)
        found = []
        for number, result in results.items():
            for person in result.to_coco(number, document['categories'][0]['id']):
                triples = np.reshape(person['keypoints'], (-1, 3))[joints]
                found.append({**person, 'keypoints': triples.flatten().tolist()})
        if not found:
            return 0.0
        is_crowd = all('crowdIndex' in image for image in document['images'])
        sigmas = next(iter(results.values())).skeleton.oks_sigmas('AP')[joints]
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
        # Thresholds, recalls, categories, sizes (the first is all), limits; -1: nobody is there.
        precision = evaluation.eval['precision'][:, :, 0, 0, 0]
        return 100 * float(precision[precision > -1].mean()) if (precision > -1).any() else -100.0
