"""MMPose's visualizer for targets of several levels."""

from __future__ import annotations

import numpy as np
from mmengine.structures import PixelData
from mmpose.registry import VISUALIZERS
from mmpose.structures import MultilevelPixelData
from mmpose.visualization import PoseLocalVisualizer


@VISUALIZERS.register_module()
class MultiLevelPoseVisualizer(PoseLocalVisualizer):
    """``PoseLocalVisualizer`` that draws the finest level of samples with several levels.

    MMPose packs targets of several levels as ``MultilevelPixelData``, which its own visualizer
    cannot draw.
    """

    def _draw_instance_heatmap(
        self,
        fields: PixelData | MultilevelPixelData,
        overlaid_image: np.ndarray | None = None,
    ) -> np.ndarray | None:
        if isinstance(fields, MultilevelPixelData) and 'heatmaps' in fields:
            fields = PixelData(heatmaps=fields.heatmaps[-1])
        return super()._draw_instance_heatmap(fields, overlaid_image)
