"""MMPose's bottom-up estimator with a working multi-scale test."""

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
    """MMPose's estimator that also accepts the scales of :class:`MultiScaleDataPreprocessor`.

    MMPose's ``forward`` stacks a list of inputs while its ``predict`` expects a list of scales, so
    that scales of different sizes fail. Here, the scales are a tuple.

    Args:
        norm_eval: Whether all batch normalisation keeps its running statistics during training.
            This helps fine-tuning on few images, since the statistics of one batch, or of images
            that fill the input, differ from those of the original training.
        kwargs: Arguments of MMPose's :class:`BottomupPoseEstimator`.

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
                f'head: the codec {type(decoder).__name__} needs a head such as FusionDeconvHead, '
                f'got {type(self.head).__name__}; use the codec AssociativeEmbedding with it'
            )

    def train(self, mode: bool = True) -> MultiScaleBottomupPoseEstimator:
        super().train(mode)
        if mode and self.norm_eval:
            for module in self.modules():
                if isinstance(module, _BatchNorm):
                    module.eval()
        return self

    def predict(self, inputs: Tensor | tuple[Tensor, ...], data_samples: SampleList) -> SampleList:
        """Find people in a batch, or in a tuple of scales of it, the original scale first.

        Raises:
            LitePoseError: The images differ in shape. MMPose would pad them, and the padding
                changes the results.
        """
        shapes = sorted({tuple(sample.metainfo['img_shape'][:2]) for sample in data_samples})
        if len(shapes) > 1:
            raise LitePoseError(
                f'expected a batch of images of one shape, got {", ".join(map(str, shapes))}; '
                'set batch_size=1 if images differ in shape'
            )
        inputs = list(inputs) if isinstance(inputs, tuple) else inputs
        return super().predict(inputs, data_samples)

    def add_pred_to_datasample(
        self, people: InstanceList, fields: PixelDataList | None, data_samples: SampleList
    ) -> SampleList:
        """Add the people to the samples, leaving missing keypoints at (0, 0)."""
        # Not super(): backend models of MMDeploy also call this, and they are no subclass.
        data_samples = BottomupPoseEstimator.add_pred_to_datasample(
            self, people, fields, data_samples
        )
        for own in people:
            own.keypoints = missing_at_zero(own.keypoints, own.keypoint_scores)
        return data_samples
