"""COCO's and CrowdPose's metrics, of files that any tool wrote or of the samples."""

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
    """``CocoMetric`` that reads its file as the checked data sets do.

    MMPose's own counts people of the category with the number 1 only, and takes areas as they are.

    Args:
        ann_file: The file with the truth. None: the truth comes with the samples, whatever file
            the data set has, so that only images that are evaluated count.
        kwargs: Further arguments of MMPose's ``CocoMetric``.

    Raises:
        LitePoseError: Something in the file cannot be used, nobody in it is annotated, or the data
            set has no sigmas.
    """

    def __init__(self, ann_file: str | None = None, **kwargs) -> None:
        super().__init__(ann_file=None, **kwargs)
        self.ann_file = ann_file

    @property
    def dataset_meta(self) -> dict | None:
        """Of the data set; setting it reads the file."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        skeleton = Skeleton.from_metainfo(dataset_meta)
        skeleton.oks_sigmas("COCO's metric")
        self.coco = 'none is read'  # MMPose's setter would read the data set's file
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
        # CrowdPose's evaluation reads the crowd indices from the file once more
        self._folder = tempfile.TemporaryDirectory()
        normal = Path(self._folder.name, 'annotations.json')
        normal.write_text(json.dumps(document))
        with redirect_stdout(io.StringIO()):
            return COCO(str(normal))

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Metrics of one validation, as MMPose's."""
        try:
            return super().compute_metrics(results)
        finally:
            if self.ann_file is None:  # MMPose would keep the truth of the first validation
                self.coco = None


@METRICS.register_module()
class SampleTruthCocoMetric(CheckedCocoMetric):
    """``CheckedCocoMetric`` without an annotation file, for any number of validations.

    Args:
        kwargs: Arguments of MMPose's ``CocoMetric`` other than ``ann_file``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(ann_file=None, **kwargs)
