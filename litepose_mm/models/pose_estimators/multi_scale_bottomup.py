"""MMPose's bottom-up estimator with a multi-scale test that works."""

from __future__ import annotations

from mmpose.models import BottomupPoseEstimator
from mmpose.registry import MODELS
from mmpose.utils.typing import SampleList
from torch import Tensor

from ...errors import LitePoseError


@MODELS.register_module()
class MultiScaleBottomupPoseEstimator(BottomupPoseEstimator):
    """MMPose's estimator, which also takes the scales that our preprocessor gives.

    MMPose's ``forward`` stacks a list of inputs, and its ``predict`` wants a list of scales, so
    scales of different sizes cannot pass. They come as a tuple here.
    """

    def predict(self, inputs: Tensor | tuple[Tensor, ...], data_samples: SampleList) -> SampleList:
        """As in MMPose; several scales of a batch as a tuple, the original one first.

        Raises:
            LitePoseError: The images are not of one shape. MMPose pads them, and what the network
                sees in the padding changes what it finds.
        """
        shapes = sorted({tuple(sample.metainfo['img_shape'][:2]) for sample in data_samples})
        if len(shapes) > 1:
            raise LitePoseError(
                f'expected inputs of one shape in a batch, got {", ".join(map(str, shapes))}: '
                'take batch_size=1 where images differ in shape'
            )
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        return super().predict(inputs, data_samples)
