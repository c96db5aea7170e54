"""MMPose's bottom-up estimator with a multi-scale test that works."""

from __future__ import annotations

from mmpose.models import BottomupPoseEstimator
from mmpose.registry import MODELS
from mmpose.utils.typing import InstanceList, PixelDataList, SampleList
from torch import Tensor
from torch.nn.modules.batchnorm import _BatchNorm

from ...codecs import MultiLevelAssociativeEmbedding
from ...decoding import missing_at_zero
from ...errors import LitePoseError
from ..heads.multilevel_ae_head import MultiLevelAEHead


@MODELS.register_module()
class MultiScaleBottomupPoseEstimator(BottomupPoseEstimator):
    """MMPose's estimator, which also takes the scales that our preprocessor gives.

    MMPose's ``forward`` stacks a list of inputs, and its ``predict`` wants a list of scales, so
    scales of different sizes cannot pass. They come as a tuple here.

    Args:
        norm_eval: Whether batch normalisation keeps its statistics while training, in all parts.
            For fine-tuning with few images: those of a batch are not those of all, and images
            that fill the input not those that were moved and shrunk.
        kwargs: As in MMPose.

    Raises:
        LitePoseError: The head does not fit its codec.
    """

    def __init__(self, norm_eval: bool = False, **kwargs):
        super().__init__(**kwargs)
        self.norm_eval = norm_eval
        decoder = getattr(getattr(self, 'head', None), 'decoder', None)
        if isinstance(decoder, MultiLevelAssociativeEmbedding) and not isinstance(
            self.head, MultiLevelAEHead
        ):
            raise LitePoseError(
                f'head: the codec {type(decoder).__name__} is for a head such as FusionDeconvHead, '
                f'got {type(self.head).__name__}, whose codec in MMPose is AssociativeEmbedding'
            )

    def train(self, mode: bool = True) -> MultiScaleBottomupPoseEstimator:
        super().train(mode)
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

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

    def add_pred_to_datasample(
        self, people: InstanceList, fields: PixelDataList | None, data_samples: SampleList
    ) -> SampleList:
        """As in MMPose; keypoints that are missing stay at (0, 0)."""
        # Not super(): models of MMDeploy's backends, which are no such estimators, use it too.
        data_samples = BottomupPoseEstimator.add_pred_to_datasample(
            self, people, fields, data_samples
        )
        for own in people:
            own.keypoints = missing_at_zero(own.keypoints, own.keypoint_scores)
        return data_samples
