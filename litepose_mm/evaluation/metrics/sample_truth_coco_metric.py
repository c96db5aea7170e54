"""COCO's and CrowdPose's metrics where the truth comes with the samples."""

from __future__ import annotations

from mmpose.evaluation import CocoMetric
from mmpose.registry import METRICS


@METRICS.register_module()
class SampleTruthCocoMetric(CocoMetric):
    """``CocoMetric`` without an annotation file, for any number of validations.

    MMPose's own keeps the truth that it has collected during the first validation, and in the
    second one with ``keypoints_crowd`` looks for the temporary file it was in. Where the data set
    has an annotation file, it counts everybody in that, also on pictures that are left out
    (``indices``).

    Args:
        kwargs: Arguments of MMPose's ``CocoMetric`` other than ``ann_file``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(ann_file=None, **kwargs)

    @property
    def dataset_meta(self) -> dict | None:
        """Of the data set; MMPose's would read its annotation file here, all of it."""
        return self._dataset_meta

    @dataset_meta.setter
    def dataset_meta(self, dataset_meta: dict) -> None:
        self.coco = 'none is read'
        CocoMetric.dataset_meta.fset(self, dataset_meta)
        self.coco = None

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Metrics of one validation, as MMPose's."""
        try:
            return super().compute_metrics(results)
        finally:
            self.coco = None
