"""EfficientHRNet's backbone: the branches of HRNet on the features of an EfficientNet.

Paper: Neff et al., "EfficientHRNet", arXiv 2007.08090, section 3.1.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

from mmcv.cnn import build_conv_layer, build_norm_layer
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.models.backbones.hrnet import HRModule
from mmpose.models.backbones.resnet import BasicBlock
from mmpose.registry import MODELS
from torch import Tensor, nn

from ...families.efficienthrnet import EfficientHRNetArchitecture, get_architecture
from .base import FamilyBackbone
from .compact_efficientnet import CompactEfficientNet


@MODELS.register_module()
class EfficientHRNet(FamilyBackbone, BaseBackbone):
    """EfficientHRNet without its head.

    Args:
        arch: The compound coefficient (0 for H0, -1 for H-1, …) or another form that
            :func:`litepose_mm.families.efficienthrnet.get_architecture` accepts.
        in_channels: Channels of the input image.
        multiscale_output: Whether to return the features of all four branches instead of the
            finest one.
        efficientnet: Further arguments of :class:`CompactEfficientNet`, such as ``init_cfg`` with
            its pre-trained weights.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        init_cfg: Initialisation, as in MMEngine; None keeps torch's defaults.

    Raises:
        LitePoseError: The coefficient or a field is impossible.
    """

    def __init__(
        self,
        arch: int | str | Mapping[str, Any] | EfficientHRNetArchitecture = 0,
        in_channels: int = 3,
        multiscale_output: bool = False,
        efficientnet: Mapping[str, Any] | None = None,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        norm_cfg = norm_cfg or dict(type='BN')
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        arch = self.arch = get_architecture(arch)
        self.efficientnet = CompactEfficientNet(
            arch, in_channels, **{**layers, **(efficientnet or {})}
        )
        features = [
            self.efficientnet.features[index].project.conv.out_channels
            for index in self.efficientnet.out_indices
        ]
        before: list[int] = []
        for stage, modules in enumerate(arch.modules, start=1):
            widths = list(arch.widths[: stage + 1])
            # New branches start from features of the EfficientNet, the others from the last stage.
            inputs = [*before, *features[len(before) : stage + 1]]
            transition = OrderedDict(
                (
                    f'branch{branch}',
                    nn.Sequential(
                        build_conv_layer(conv_cfg, channels, width, 3, padding=1),
                        build_norm_layer(norm_cfg, width)[1],
                        nn.ReLU(inplace=True),
                    ),
                )
                for branch, (channels, width) in enumerate(zip(inputs, widths), start=1)
            )
            self.add_module(f'transition{stage}', nn.ModuleDict(transition))
            last = len(arch.modules) == stage
            hr_modules = (
                HRModule(
                    len(widths),
                    BasicBlock,
                    [arch.branch_blocks] * len(widths),
                    list(widths),
                    widths,
                    multiscale_output=multiscale_output or not last or index < modules - 1,
                    **layers,
                )
                for index in range(modules)
            )
            self.add_module(f'stage{stage + 1}', nn.Sequential(*hr_modules))
            before = widths

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute features of images ``(B, 3, H, W)`` with sides that are multiples of 32.

        Returns:
            The feature ``(B, widths[0], H/4, W/4)``; with ``multiscale_output``, those of all
            branches, at 1/4 to 1/32.
        """
        features = self.efficientnet(x)
        branches: list[Tensor] = []
        for stage in range(1, len(self.arch.modules) + 1):
            inputs = [*branches, *features[len(branches) : stage + 1]]
            transition = getattr(self, f'transition{stage}')
            branches = getattr(self, f'stage{stage + 1}')(
                [layer(feature) for layer, feature in zip(transition.values(), inputs)]
            )
        return tuple(branches)
