"""COCO's and CrowdPose's metrics with checked annotation files or with the samples' annotations."""

from __future__ import annotations

import io
import json
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

from mmengine.fileio import get_local_path
from mmpose.evaluation import CocoMetric
from mmpose.registry import METRICS
from xtcocotools.coco import COCO

from ...annotations import crowd_index, read_people
from ...structures import Skeleton


@METRICS.register_module()
class CheckedCocoMetric(CocoMetric):
    """``CocoMetric`` that reads its annotation file like the checked data sets.

    MMPose's own metric evaluates only people of the category with id 1, and does not check areas.

    Args:
        ann_file: Annotation file. None uses the annotations of the samples, even if the data set
            has a file, so that only the images that are evaluated count.
        kwargs: Further arguments of MMPose's ``CocoMetric``.

    Raises:
        LitePoseError: The file cannot be used, nobody in it is annotated, or the data set has no
            sigmas.
    """

    def __init__(self, ann_file: str | None = None, **kwargs) -> None:
        super().__init__(ann_file=None, **kwargs)
        self.ann_file = ann_file

    @property
    def dataset_meta(self) -> dict | None:
        """Metainfo of the data set; setting it reads the annotation file."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        skeleton = Skeleton.from_metainfo(dataset_meta)
        skeleton.oks_sigmas("COCO's metric")
        self.coco = 'placeholder'  # without which MMPose's setter would read the data set's file
        CocoMetric.dataset_meta.fset(self, dataset_meta)
        names = None if self.gt_converter else skeleton.keypoint_names
        self.coco = None if self.ann_file is None else self._read(names)

    def _read(self, names: tuple[str, ...] | None) -> COCO:
        with get_local_path(self.ann_file) as path:
            document = read_people(path, names, nobody=self.format_only)
        if self.iou_type == 'keypoints_crowd':
            people = {image['id']: [] for image in document['images']}
            for annotation in document['annotations']:
                people[annotation['image_id']].append(annotation)
            for image in document['images']:
                image.setdefault('crowdIndex', crowd_index(people[image['id']]))
        # CrowdPose's evaluation reads the crowd indices from a file again.
        self._folder = tempfile.TemporaryDirectory()
        normal = Path(self._folder.name, 'annotations.json')
        normal.write_text(json.dumps(document))
        with redirect_stdout(io.StringIO()):
            return COCO(str(normal))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Compute the metrics of one validation."""
        try:
            return super().compute_metrics(results)
        finally:
            if self.ann_file is None:  # MMPose would keep the annotations of the first validation
                self.coco = None


@METRICS.register_module()
class SampleTruthCocoMetric(CheckedCocoMetric):
    """``CheckedCocoMetric`` without an annotation file, for any number of validations.

    Args:
        kwargs: Arguments of MMPose's ``CocoMetric`` other than ``ann_file``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(ann_file=None, **kwargs)
