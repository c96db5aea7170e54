"""LitePose's single-branch backbone: MobileNetV2 blocks with large kernels.

Paper: Wang et al., "Lite Pose: Efficient Architecture Design for 2D Human Pose Estimation",
CVPR 2022, section 3.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.model import BaseModule, Sequential
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from torch import Tensor, nn

from ...families.litepose import STEM_WIDTH, Architecture, get_architecture, make_divisible
from ..utils.layers import conv_bn_act
from .base import FamilyBackbone

ReLU6 = dict(type='ReLU6', inplace=True)


class InvertedResidual(BaseModule):
    """A 1x1 expansion, a depthwise convolution and a 1x1 projection without activation.

    The input is added to the output if both have the same shape.

    Args:
        in_channels: Width of the input.
        out_channels: Width of the output.
        expansion: The inner width is ``make_divisible(in_channels * expansion)``.
        kernel_size: Kernel size of the depthwise convolution, odd.
        stride: 1 or 2.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        expansion: int,
        kernel_size: int,
        stride: int = 1,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
    ):
        super().__init__()
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        width = make_divisible(round(in_channels * expansion))
        self.expand = conv_bn_act(in_channels, width, 1, act_cfg=ReLU6, **layers)
        self.depthwise = conv_bn_act(
            width, width, kernel_size, stride=stride, groups=width, act_cfg=ReLU6, **layers
        )
        self.project = conv_bn_act(width, out_channels, 1, **layers)
        self.with_residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        out = self.project(self.depthwise(self.expand(x)))
        return x + out if self.with_residual else out


@MODELS.register_module()
class LitePose(FamilyBackbone, BaseBackbone):
    """The LitePose backbone.

    Args:
        arch: Name of a published architecture (``'litepose-xs'``, see
            :data:`litepose_mm.families.litepose.ARCHITECTURES`), the path of a JSON file, or a
            mapping in the authors' form.
        in_channels: Channels of the input image.
        out_indices: Indices of the features to return: 0 is the stem (stride 2), ``i`` is stage
            ``i``. None returns all of them. Stages after the last index are not built.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        init_cfg: Initialisation, as in MMEngine. None keeps torch's defaults, as in the authors'
            code.

    Raises:
        ValueError: An index in ``out_indices`` does not exist.
    """

    #: Reads ``arch`` in any of its forms; a family of the same kind of chain has its own.
    read_arch = staticmethod(get_architecture)

    def __init__(
        self,
        arch: str | Mapping[str, Any] | Architecture,
        in_channels: int = 3,
        out_indices: Sequence[int] | None = None,
        conv_cfg: dict | None = None,
        norm_cfg: dict | None = None,
        init_cfg: dict | None = None,
    ):
        super().__init__(init_cfg=init_cfg)
        self.arch = self.read_arch(arch)
        num_features = len(self.arch.stages) + 1
        self.out_indices = tuple(range(num_features) if out_indices is None else out_indices)
        if not self.out_indices or not all(0 <= i < num_features for i in self.out_indices):
            raise ValueError(
                f'out_indices must lie in [0, {num_features - 1}], got {self.out_indices}'
            )

        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)
        width = self.arch.input_channel
        self.stem = Sequential(
            conv_bn_act(in_channels, STEM_WIDTH, 3, stride=2, act_cfg=ReLU6, **layers),
            conv_bn_act(STEM_WIDTH, STEM_WIDTH, 3, groups=STEM_WIDTH, act_cfg=ReLU6, **layers),
            conv_bn_act(STEM_WIDTH, width, 1, **layers),
        )
        self.stages = nn.ModuleList()
        for number, stage in enumerate(self.arch.stages[: max(self.out_indices)]):
            blocks = []
            for index, setting in enumerate(stage.block_setting):
                stride = stage.stride if index == 0 else 1
                blocks.append(
                    self.build_block((number, index), width, stage.channel, stride, setting, layers)
                )
                width = stage.channel
            self.stages.append(Sequential(*blocks))

    def build_block(
        self,
        place: tuple[int, int],
        in_channels: int,
        out_channels: int,
        stride: int,
        setting: tuple[int, int],
        layers: Mapping[str, Any],
    ) -> nn.Module:
        """Build a block; subclasses may build another one.

        Args:
            place: Numbers of the stage and of the block in it.
            in_channels: Width of the input.
            out_channels: Width of the output.
            stride: 1 or 2.
            setting: Expansion and kernel size.
            layers: ``conv_cfg`` and ``norm_cfg``.
        """
        return InvertedResidual(in_channels, out_channels, *setting, stride, **layers)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Compute the features of a batch of images.

        Args:
            x: Images, shape ``(B, 3, H, W)``.

        Returns:
            The features that ``out_indices`` selects, each ``(B, C, H/s, W/s)`` (rounded up),
            where ``C`` and ``s`` are the architecture's ``channels`` and ``strides``.
        """
        features = [self.stem(x)]
        for stage in self.stages:
            features.append(stage(features[-1]))
        return tuple(features[index] for index in self.out_indices)
