"""COCO's average precision of results, for data sets that share some keypoints with the model."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LitePoseError
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
        """Reads a file; keypoints are matched by name.

        Raises:
            LitePoseError: The file is no annotations of keypoints, or shares none of the model's.
        """
        try:
            document = json.loads(Path(path).read_text(encoding='utf-8'))
            names = [name.lower() for name in document['categories'][0]['keypoints']]
            own = [name.lower() for name in skeleton.keypoint_names]
            common = [name for name in own if name in names]
            columns = [names.index(name) for name in common]
            annotations = [_reduced(each, columns, len(names)) for each in document['annotations']]
            images = {image['id']: image['file_name'] for image in document['images']}
            _ = document['categories'][0]['id']
        except OSError as error:
            raise LitePoseError(f'cannot read the annotations {path}: {error.strerror}') from error
        except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
            raise LitePoseError(
                f"expected keypoints in COCO's form in {path}, got something else: {error!r}"
            ) from error
        if not common or not images:
            raise LitePoseError(
                f'{path}: expected images and keypoints among {", ".join(own)}, got {len(images)} '
                f'images and keypoints {", ".join(names)}'
            )
        document['annotations'] = annotations
        return cls(document, tuple(own.index(name) for name in common))

    @property
    def files(self) -> dict[int, str]:
        """Name of each picture by its number."""
        return {image['id']: image['file_name'] for image in self.document['images']}

    def average_precision(self, results: Mapping[int, PoseResult]) -> float:
        """AP over all similarities, 0 to 100; -100 where no person is annotated.

        CrowdPose's rule where the file has its crowd index; a person's size is that of the box
        where the file has no areas.

        Args:
            results: People of each picture, by its number. Pictures that are not there do not
                count.
        """
        from xtcocotools.coco import COCO
        from xtcocotools.cocoeval import COCOeval

        document, joints = self.document, list(self.keypoints)
        found = []
        for number, result in results.items():
            category = document['categories'][0]['id']
            for person in result.to_coco(number, category):
                triples = np.reshape(person['keypoints'], (-1, 3))[joints]
                found.append({**person, 'keypoints': triples.flatten().tolist()})
        if not found:
            return 0.0
        is_crowd = all('crowdIndex' in image for image in document['images'])
        sigmas = next(iter(results.values())).skeleton.sigmas[joints]
        with redirect_stdout(io.StringIO()):
            truth = COCO()
            truth.dataset = document
            truth.createIndex()
            evaluation = COCOeval(
                truth,
                truth.loadRes(found),
                'keypoints_crowd' if is_crowd else 'keypoints',
                sigmas,
                use_area=all('area' in each for each in document['annotations']),
            )
            evaluation.params.useSegm = None
            evaluation.params.imgIds = list(results)
            evaluation.evaluate()
            evaluation.accumulate()
        # Thresholds, recalls, categories, sizes (the first is all), limits; -1: nobody is there.
        precision = evaluation.eval['precision'][:, :, 0, 0, 0]
        return 100 * float(precision[precision > -1].mean()) if (precision > -1).any() else -100.0


def _reduced(annotation: Mapping[str, Any], columns: list[int], count: int) -> dict[str, Any]:
    triples = np.reshape(annotation.get('keypoints', [0] * 3 * count), (count, 3))[columns]
    return {
        **annotation,
        **{key: annotation[key] for key in ('id', 'image_id', 'category_id')},  # or a KeyError
        'iscrowd': annotation.get('iscrowd', 0),
        'keypoints': triples.flatten().tolist(),
        'num_keypoints': int((triples[:, 2] > 0).sum()),
    }
