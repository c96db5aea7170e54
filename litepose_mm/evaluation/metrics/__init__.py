"""Metrics, registered in ``mmpose.registry.METRICS``."""

from ... import compat

compat.apply()  # before anything of MMPose is imported

from .coco_metrics import CheckedCocoMetric, SampleTruthCocoMetric
from .keypoint_metrics import (
    BottomupAUC,
    BottomupEPE,
    BottomupJhmdbPCKAccuracy,
    BottomupMpiiPCKAccuracy,
    BottomupNME,
    BottomupPCKAccuracy,
)

__all__ = [
    'BottomupAUC',
    'BottomupEPE',
    'BottomupJhmdbPCKAccuracy',
    'BottomupMpiiPCKAccuracy',
    'BottomupNME',
    'BottomupPCKAccuracy',
    'CheckedCocoMetric',
    'SampleTruthCocoMetric',
]
