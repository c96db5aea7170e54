"""The part of xtcocotools that MMPose uses, based on pycocotools.

It replaces xtcocotools if that has no working build. Results equal those of xtcocotools, with its
rules for people who are ignored, CrowdPose's evaluation, the parts of COCO-WholeBody, and sigmas
and areas that the caller chooses. ``COCOeval.evalImgs`` follows pycocotools, in which a match of 0
means none, so that the annotation with id 0 becomes -1.
"""

import copy
import io
import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import coco, cocoeval

#: Fields with the keypoints and the score of each type of evaluation other than 'keypoints'.
_FIELDS = {
    'keypoints_foot': (['foot_kpts'], 'foot_score'),
    'keypoints_face': (['face_kpts'], 'face_score'),
    'keypoints_lefthand': (['lefthand_kpts'], 'lefthand_score'),
    'keypoints_righthand': (['righthand_kpts'], 'righthand_score'),
    'keypoints_wholebody': (
        ['keypoints', 'foot_kpts', 'face_kpts', 'lefthand_kpts', 'righthand_kpts'],
        'wholebody_score',
    ),
}
#: Share of a box that a person is assumed to cover if areas are not used.
_AREA_OF_BOX = 0.53
#: Smallest crowd index of CrowdPose's medium and hard images.
_MEDIUM, _HARD = 0.2, 0.8


class COCO(coco.COCO):
    """Annotations in COCO's form; ``iscrowd`` may be missing, and results may be empty.

    Args:
        annotation_file: Path of the file. If None, fill ``dataset`` and call ``createIndex()``.
    """

    def __init__(self, annotation_file: str | None = None):
        super().__init__(annotation_file)
        for annotation in self.dataset.get('annotations', ()):
            annotation.setdefault('iscrowd', 0)

    def loadRes(self, resFile: str | list | np.ndarray) -> coco.COCO:
        """Load results from a file, or from the content of one."""
        found = resFile
        if isinstance(found, str):
            found = json.loads(Path(found).read_text(encoding='utf-8'))
        if isinstance(found, list) and not found:  # pycocotools reads the first entry
            results = COCO()
            results.dataset = {'images': list(self.dataset['images']), 'annotations': []}
            results.createIndex()
            return results
        return super().loadRes(found)


class COCOeval(cocoeval.COCOeval):
    """Computes average precision and recall.

    Args:
        cocoGt: The ground truth.
        cocoDt: The results, from ``cocoGt.loadRes()``.
        iouType: ``'keypoints'``; ``'keypoints_crowd'`` for CrowdPose; ``'keypoints_wholebody'``,
            ``_foot``, ``_face``, ``_lefthand`` or ``_righthand`` for COCO-WholeBody; ``'bbox'``
            and ``'segm'`` as in pycocotools.
        sigmas: A sigma for each keypoint; None uses COCO's 17.
        use_area: Whether annotations have an ``area``; if False, it is estimated from the box.
    """

    def __init__(
        self,
        cocoGt: coco.COCO | None = None,
        cocoDt: coco.COCO | None = None,
        iouType: str = 'keypoints',
        sigmas: Sequence[float] | None = None,
        use_area: bool = True,
    ):
        super().__init__(cocoGt, cocoDt, 'keypoints' if 'keypoints' in iouType else iouType)
        self.use_area = use_area
        self._is_crowd = iouType == 'keypoints_crowd'
        self._fields, self._score = _FIELDS.get(iouType, (['keypoints'], 'score'))
        if sigmas is not None:
            self.params.kpt_oks_sigmas = np.asarray(sigmas)

    def _prepare(self) -> None:
        if self.params.iouType != 'keypoints':
            super()._prepare()
            return
        self._gts, self._dts = defaultdict(list), defaultdict(list)
        for truth in self._selected(self.cocoGt):
            # CrowdPose counts fewer keypoints than are labelled.
            count = truth['num_keypoints'] if self._is_crowd else _count(truth['keypoints'])
            truth['ignore'] = truth['iscrowd'] or not count
            if not self.use_area:
                truth['area'] = truth['bbox'][2] * truth['bbox'][3] * _AREA_OF_BOX
            truth['id'] = truth['id'] or -1  # for pycocotools, 0 means no match
            self._gts[truth['image_id'], truth['category_id']].append(truth)
        for found in self._selected(self.cocoDt):
            if _count(found['keypoints']):
                found['score'] = found.get(self._score, found['score'])
                self._dts[found['image_id'], found['category_id']].append(found)
        self.evalImgs, self.eval = defaultdict(list), {}

    def _selected(self, annotations: coco.COCO) -> list[dict[str, Any]]:
        """Copy the annotations to compare, joining the keypoints of all fields."""
        params = self.params
        numbers = annotations.getAnnIds(params.imgIds, params.catIds if params.useCats else [])
        return [
            {
                'iscrowd': 0,
                **annotation,
                'keypoints': [value for field in self._fields for value in annotation[field]],
            }
            for annotation in annotations.loadAnns(numbers)
        ]

    def summarize(self) -> None:
        """Print the summary and store it in ``stats``."""
        super().summarize()
        if not self._is_crowd:
            return
        groups: dict[str, list] = {'easy': [], 'medium': [], 'hard': []}
        for image in self.cocoGt.dataset['images']:
            index = image['crowdIndex']
            group = 'easy' if index < _MEDIUM else 'medium' if index < _HARD else 'hard'
            groups[group].append(image['id'])
        precision = {name: self._precision_on(images) for name, images in groups.items()}
        for name, value in precision.items():
            print(f' Average Precision  (AP) of {name} images: {value:0.3f}')
        without_sizes = self.stats[[0, 1, 2, 5, 6, 7]]
        self.stats = np.array([*without_sizes, *precision.values()])

    def _precision_on(self, images: list) -> float:
        part = copy.copy(self)
        part.params = copy.deepcopy(self.params)
        part.params.imgIds = images
        with redirect_stdout(io.StringIO()):
            part.evaluate()
            part.accumulate()
        # As in xtcocotools, this has four digits and counts -1 for missing values.
        return round(float(part.eval['precision'][:, :, :, 0].mean()), 4)


def _count(keypoints: list) -> int:
    return np.count_nonzero(np.array(keypoints[2::3]) > 0)
