"""MMPose's visualizer, which also draws targets of several levels."""

from __future__ import annotations

import numpy as np
from mmengine.structures import PixelData
from mmpose.registry import VISUALIZERS
from mmpose.structures import MultilevelPixelData
from mmpose.visualization import PoseLocalVisualizer


@VISUALIZERS.register_module()
class MultiLevelPoseVisualizer(PoseLocalVisualizer):
    """Draws the heatmaps of the finest level where a sample has several.

    MMPose packs targets of several levels as ``MultilevelPixelData``, which its own visualizer does
    not draw. Options are those of ``PoseLocalVisualizer``.
    """

    def _draw_instance_heatmap(
        self,
        fields: PixelData | MultilevelPixelData,
        overlaid_image: np.ndarray | None = None,
    ) -> np.ndarray | None:
        if isinstance(fields, MultilevelPixelData) and 'heatmaps' in fields:
            fields = PixelData(heatmaps=fields.heatmaps[-1])
        return super()._draw_instance_heatmap(fields, overlaid_image)
