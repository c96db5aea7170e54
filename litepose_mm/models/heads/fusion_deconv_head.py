"""LitePose's head: transposed convolutions that reuse the backbone's earlier features.

Paper: LitePose (CVPR 2022), section 3.3 and figure 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from mmcv.cnn import build_norm_layer
from mmpose.registry import MODELS
from mmpose.utils.typing import OptConfigType
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from ...errors import LitePoseError
from ...families.litepose import Architecture, get_architecture
from ..utils.layers import deconv_2x, separable_conv
from ..utils.merged_layers import MergedDeconv, MergedSeparableConv
from .multilevel_ae_head import MultiLevelAEHead

ReLU = dict(type='ReLU', inplace=True)


class FusionDeconv(nn.Module):
    """Double the resolution of the refined features, fused with raw features of the same size.

    The sum of two transposed convolutions equals the paper's single one over concatenated
    features. The output is cropped to the size of ``size_reference``, if given, because doubling
    a size that was rounded up adds a row or column.
    """

    def __init__(
        self,
        refined_channels: int,
        raw_channels: int | None,
        out_channels: int,
        deconv_cfg: OptConfigType,
        norm_cfg: OptConfigType,
    ):
        super().__init__()
        self.refined = deconv_2x(refined_channels, out_channels, deconv_cfg)
        self.raw = deconv_2x(raw_channels, out_channels, deconv_cfg) if raw_channels else None
        self.bn = build_norm_layer(norm_cfg or dict(type='BN'), out_channels)[1]
        self.act = nn.ReLU(inplace=True)

    def forward(
        self, refined: Tensor, raw: Tensor | None = None, size_reference: Tensor | None = None
    ) -> Tensor:
        out = self.refined(refined)
        if self.raw is not None:
            out = out + self.raw(raw)
        out = self.act(self.bn(out))
        if size_reference is None:
            return out
        return out[..., : size_reference.shape[2], : size_reference.shape[3]]

    def to_deploy(self) -> nn.Module:
        """Return one convolution that replaces both and the normalisation."""
        if not isinstance(self.bn, _BatchNorm):
            return self
        return MergedDeconv([*filter(None, (self.refined, self.raw))], self.bn, self.act)


class FusionOutput(nn.Module):
    """The maps of a level, from refined features fused with raw features of the same size."""

    def __init__(
        self,
        refined_channels: int,
        raw_channels: int | None,
        out_channels: int,
        kernel_size: int,
        **layers,
    ):
        super().__init__()
        layers = dict(layers, act_cfg=ReLU)
        self.refined = separable_conv(refined_channels, out_channels, kernel_size, **layers)
        self.raw = (
            separable_conv(raw_channels, out_channels, kernel_size, **layers)
            if raw_channels
            else None
        )

    def forward(self, refined: Tensor, raw: Tensor | None) -> Tensor:
        out = self.refined(refined)
        return out if self.raw is None else out + self.raw(raw)

    def to_deploy(self) -> nn.Module:
        """Return one separable convolution that replaces both and their normalisation."""
        if not isinstance(self.refined.depthwise.bn, _BatchNorm):
            return self
        return MergedSeparableConv([*filter(None, (self.refined, self.raw))])


@MODELS.register_module()
class FusionDeconvHead(MultiLevelAEHead):
    """Transposed convolutions from the deepest feature, fused with earlier features.

    The head works with any backbone that returns features of several strides. A LitePose backbone
    is described by ``arch``, any other by ``in_channels``, ``in_strides`` and ``deconv_channels``.
    The deepest feature is refined step by step; each transposed convolution and each output also
    reads the raw feature whose stride equals that of its refined input. The last ``num_levels``
    transposed convolutions have outputs.

    Args:
        num_keypoints: Number of keypoints, ``K``.
        arch: Architecture of the backbone, as for :class:`LitePose`.
        in_channels: Widths of the features, shallow to deep.
        in_strides: Strides of the features, shallow to deep.
        deconv_channels: Widths of the transposed convolutions, deep to shallow.
        fusion: Whether raw features are used. False is "w/o fusion" of the paper's Table 3.
        kernel_size: Kernel size of the outputs' depthwise convolutions.
        tag_levels: For each level, coarse to fine, whether it has tags.
        conv_cfg: Layer type of the convolutions.
        norm_cfg: Layer type of the normalisation.
        deconv_cfg: Layer type of the transposed convolutions.
        output_std: Standard deviation of the last convolutions' initial weights. None keeps
            torch's initialisation, as in the authors' code. With HigherHRNet's 0.001, training
            from scratch does not have to unlearn random maps first (docs/training.md).
        kwargs: Arguments of :class:`MultiLevelAEHead`.

    Raises:
        ValueError: The features and layers do not fit each other.
    """

    def __init__(
        self,
        num_keypoints: int,
        arch: str | Mapping[str, Any] | Architecture | None = None,
        in_channels: Sequence[int] | None = None,
        in_strides: Sequence[int] | None = None,
        deconv_channels: Sequence[int] | None = None,
        fusion: bool = True,
        kernel_size: int = 5,
        tag_levels: Sequence[bool] = (True, False),
        conv_cfg: OptConfigType = None,
        norm_cfg: OptConfigType = None,
        deconv_cfg: OptConfigType = None,
        output_std: float | None = None,
        **kwargs,
    ):
        super().__init__(num_keypoints=num_keypoints, tag_levels=tag_levels, **kwargs)
        self.output_std = output_std
        if arch is not None:
            if in_channels or in_strides or deconv_channels:
                raise ValueError(
                    'expected either arch, or in_channels, in_strides and deconv_channels, got both'
                )
            arch = get_architecture(arch)
            in_channels, in_strides = arch.channels, arch.strides
            deconv_channels, fusion = arch.deconv_setting, arch.fusion
        if not (in_channels and in_strides and deconv_channels):
            raise ValueError(
                'expected in_channels, in_strides and deconv_channels, since there is no arch'
            )
        if len(in_channels) != len(in_strides):
            raise ValueError(
                f'expected one stride per feature, got {len(in_channels)} in_channels and '
                f'{len(in_strides)} in_strides'
            )
        if list(in_strides) != sorted(in_strides):
            raise ValueError(
                f'in_strides: expected features from shallow to deep, got {tuple(in_strides)}'
            )
        if len(deconv_channels) < self.num_levels:
            raise ValueError(
                f'expected at least {self.num_levels} transposed convolutions, one per level, each '
                f'of which halves the stride {in_strides[-1]} of the deepest feature, got '
                f'deconv_channels={tuple(deconv_channels)}; give more of them, deeper features of '
                'the backbone, or fewer tag_levels'
            )

        # Index of the raw feature of each stride: the deepest one, except the refined one.
        self._raw_index = {}
        if fusion:
            self._raw_index = {s: i for i, s in enumerate(in_strides[:-1])}
        raw_channels = {stride: in_channels[i] for stride, i in self._raw_index.items()}
        layers = dict(conv_cfg=conv_cfg, norm_cfg=norm_cfg)

        self.deconvs = nn.ModuleList()
        self.outputs = nn.ModuleList()
        self._strides = [in_strides[-1]]
        width = in_channels[-1]
        first_level = len(deconv_channels) - self.num_levels
        for index, out_channels in enumerate(deconv_channels):
            stride = self._strides[-1]
            if stride % 2:
                raise ValueError(
                    f'deconv_channels: {len(deconv_channels)} transposed convolutions are too many '
                    f'for features of strides {tuple(in_strides)}; the one at index {index} would '
                    'go below stride 1'
                )
            self.deconvs.append(
                FusionDeconv(width, raw_channels.get(stride), out_channels, deconv_cfg, norm_cfg)
            )
            width, stride = out_channels, stride // 2
            self._strides.append(stride)
            if index >= first_level:
                self.outputs.append(
                    FusionOutput(
                        width,
                        raw_channels.get(stride),
                        self.level_channels[index - first_level],
                        kernel_size,
                        **layers,
                    )
                )

    def init_weights(self) -> None:
        super().init_weights()
        if self.output_std is not None:
            for output in self.outputs:
                for branch in filter(None, (output.refined, output.raw)):
                    nn.init.normal_(branch.pointwise.weight, std=self.output_std)

    def raw_readers(self, index: int) -> tuple[list[FusionDeconv], list[FusionOutput]]:
        """Return the transposed convolutions and outputs that read the raw feature ``index``."""
        first_level = len(self.deconvs) - self.num_levels
        deconvs = zip(self._strides, self.deconvs)
        outputs = zip(self._strides[first_level + 1 :], self.outputs)
        return tuple(
            [part for stride, part in parts if self._raw_index.get(stride) == index]
            for parts in (deconvs, outputs)
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Compute the outputs of all levels.

        Args:
            feats: Features, shallow to deep, each ``(B, C, H/s, W/s)`` (rounded up).

        Returns:
            Outputs ``(B, C_l, H/s_l, W/s_l)``, coarse to fine: heatmaps, followed by tags if the
            level has them.

        Raises:
            LitePoseError: The features are in another order.
        """
        widths = [feat.shape[-1] for feat in feats]
        if not torch.jit.is_tracing() and widths != sorted(widths, reverse=True):
            raise LitePoseError(
                'expected features from shallow to deep, none larger than the one before, got '
                f'features of widths {widths}; the neck FeatureMapProcessor can reorder them with '
                'select_index'
            )
        raw = {stride: feats[index] for stride, index in self._raw_index.items()}
        refined, outputs = feats[-1], []
        first_level = len(self.deconvs) - self.num_levels
        for index, deconv in enumerate(self.deconvs):
            partner = raw.get(self._strides[index + 1])
            refined = deconv(refined, raw.get(self._strides[index]), partner)
            if index >= first_level:
                outputs.append(self.outputs[index - first_level](refined, partner))
        return tuple(outputs)
