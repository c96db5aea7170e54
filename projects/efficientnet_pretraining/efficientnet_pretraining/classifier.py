"""EfficientNet with its classifier."""

from __future__ import annotations

import torch.nn.functional as F
from mmengine.model import BaseModel
from mmengine.registry import MODELS
from torch import Tensor, nn

from litepose_mm.families.litepose import make_divisible
from litepose_mm.models import CompactEfficientNet
from litepose_mm.models.utils.layers import conv_bn_act


@MODELS.register_module()
class EfficientNetClassifier(BaseModel):
    """A compact EfficientNet that classifies whole images (EfficientHRNet section 4.1).

    The backbone is EfficientHRNet's, which can start from its weights; see the project's README.

    Args:
        phi: The compound coefficient: 0 for B0, -1 for B-1, ….
        num_classes: Number of classes.
        dropout: Probability of dropout before the last layer.
    """

    def __init__(self, phi: int, num_classes: int = 1000, dropout: float = 0.2):
        super().__init__()
        self.backbone = CompactEfficientNet(phi, out_strides=(32,))
        width = self.backbone.arch.stages[-1][0]
        features = make_divisible(1280 * 1.1**phi)
        self.conv = conv_bn_act(width, features, 1, act_cfg=dict(type='SiLU', inplace=True))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(features, num_classes)

    def init_weights(self) -> None:
        """Initialise every layer by Xavier's rule, as the paper does."""
        for layer in self.modules():
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(
        self, inputs: Tensor, labels: Tensor | None = None, mode: str = 'tensor'
    ) -> Tensor | dict[str, Tensor] | list[Tensor]:
        """Compute scores, the loss, or predictions.

        Args:
            inputs: Normalised images ``(B, 3, H, W)``.
            labels: Indices of the classes ``(B,)``, for the loss.
            mode: ``'tensor'`` returns scores ``(B, num_classes)``, ``'loss'`` the cross entropy,
                and ``'predict'`` the scores of each image, for metrics.
        """
        features = self.conv(self.backbone(inputs)[-1]).mean((2, 3))
        scores = self.fc(self.dropout(features))
        if mode == 'loss':
            return dict(loss=F.cross_entropy(scores, labels))
        return list(scores) if mode == 'predict' else scores
