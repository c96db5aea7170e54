"""Normalise a batch of images at one or several scales."""

from __future__ import annotations

from collections.abc import Sequence

from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class MultiScaleDataPreprocessor(PoseDataPreprocessor):
    """MMPose's preprocessor that also accepts samples with one image per scale.

    In a multi-scale test, MMEngine's collation gives a list over scales, each of which is a list
    over the batch. This class makes a tuple of batches ``(B, 3, H_s, W_s)`` of them, as
    :class:`MultiScaleBottomupPoseEstimator` expects. MMPose's own preprocessor does not support
    this.
    """

    def forward(self, data: dict, training: bool = False) -> dict:
        inputs = data['inputs']
        if isinstance(inputs[0], Tensor):
            return super().forward(data, training)
        # The original scale is processed last, so that its sizes remain in the samples' metainfo.
        scales = [self._one(images, data, training) for images in reversed(inputs)]
        return dict(scales[-1], inputs=tuple(scale['inputs'] for scale in reversed(scales)))

    def _one(self, images: Sequence[Tensor], data: dict, training: bool) -> dict:
        return super().forward(dict(data, inputs=list(images)), training)
