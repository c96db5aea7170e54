"""Normalisation of one or several scales of a batch."""

from __future__ import annotations

from collections.abc import Sequence

from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class MultiScaleDataPreprocessor(PoseDataPreprocessor):
    """MMPose's preprocessor, for samples with an image for each scale too.

    The inputs of a multi-scale test are a list over scales, each a list over the batch, as
    MMEngine's collation gives them; they become a tuple of batches ``(B, 3, H_s, W_s)`` for
    :class:`MultiScaleBottomupPoseEstimator`. MMPose's own preprocessor cannot take them.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        inputs = data['inputs']
        if isinstance(inputs[0], Tensor):
            return super().forward(data, training)
        # The original scale comes last, so that its sizes stay in the samples' metainfo.
        scales = [self._one(images, data, training) for images in reversed(inputs)]
        return dict(scales[-1], inputs=tuple(scale['inputs'] for scale in reversed(scales)))

    def _one(self, images: Sequence[Tensor], data: dict, training: bool) -> dict:
        return super().forward(dict(data, inputs=list(images)), training)
