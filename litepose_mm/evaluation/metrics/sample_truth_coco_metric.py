"""COCO's and CrowdPose's metrics where the truth comes with the samples."""

from __future__ import annotations

from mmpose.evaluation import CocoMetric
from mmpose.registry import METRICS


@METRICS.register_module()
class SampleTruthCocoMetric(CocoMetric):
    """``CocoMetric`` without an annotation file, for any number of validations.

    MMPose's own keeps the truth that it has collected during the first validation, and in the
    second one with ``keypoints_crowd`` looks for the temporary file it was in.

    Args:
        kwargs: Arguments of MMPose's ``CocoMetric`` other than ``ann_file``.
    """

    def __init__(self, **kwargs) -> None:
        super().__init__(ann_file=None, **kwargs)

    def compute_metrics(self, results: list) -> dict[str, float]:
        """Metrics of one validation, as MMPose's."""
        try:
            return super().compute_metrics(results)
        finally:
            self.coco = None
