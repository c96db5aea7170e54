"""The EfficientPose family: chains of inverted residual blocks, each with a kernel and expansion.

Source: Zhang et al., "EfficientPose", arXiv 2012.07086, sections 3.2 and 3.3, tables 1 and 6 to 8.
Table 1 prints stride 2 for the last stage of the large setting, which contradicts its own output
size and the four down-samplings of the text; the stride is 1. The searched networks A, B and C are
only drawn in the paper, so the variants are the uniform chains between which they lie.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LitePoseError
from .base import Family, Paper, Recognised, last_index, named_architecture, require_counts
from .litepose import STEM_STRIDE, Stage, stages_of

if TYPE_CHECKING:
    from torch import Tensor

#: Transposed convolutions: plain ones of 4x4, separable ones as in MobileNet v1, and inverted
#: residual ones as in MobileNet v2 (Table 8).
DECONV_STYLES = ('plain', 'mbv1', 'mbv2')

_BLOCK = re.compile(r'K(\d+)_E(\d+)')


def block_name(setting: tuple[int, int]) -> str:
    """Return the paper's name (figure 4) of a block of an expansion and a kernel size."""
    expansion, kernel = setting
    return f'K{kernel}_E{expansion}'


def parse_block(name: str) -> tuple[int, int]:
    """Return the expansion and kernel size of a block such as ``'K5_E6'``.

    Raises:
        LitePoseError: It is no block of an odd kernel size.
    """
    match = _BLOCK.fullmatch(name) if isinstance(name, str) else None
    if match is None or not int(match[1]) % 2 or not int(match[2]):
        raise LitePoseError(
            f'block: expected K<kernel size, odd>_E<expansion>, such as K5_E6, got {name!r}'
        )
    return int(match[2]), int(match[1])


@dataclass(frozen=True)
class EfficientPoseArchitecture:
    """The architecture of an EfficientPose network.

    Args:
        img_size: Short side of the input in pixels, a multiple of the deepest stride.
        input_channel: Width of the separable convolution behind the stem.
        stages: The backbone's stages, shallowest first.
        deconv_channels: Widths of the transposed convolutions, deepest first.
        deconv_style: One of :data:`DECONV_STYLES`.
        sic: Whether spatial information correction follows, a depthwise 3x3 convolution.

    Raises:
        LitePoseError: A value is impossible.
    """

    img_size: int
    input_channel: int
    stages: tuple[Stage, ...]
    deconv_channels: tuple[int, ...] = (64, 32)
    deconv_style: str = 'plain'
    sic: bool = True

    def __post_init__(self) -> None:
        require_counts(
            img_size=[self.img_size],
            input_channel=[self.input_channel],
            deconv_channels=self.deconv_channels,
        )
        if not self.stages:
            raise LitePoseError('stages: expected at least one, got none')
        if self.deconv_style not in DECONV_STYLES:
            raise LitePoseError(
                f'deconv_style: expected one of {", ".join(DECONV_STYLES)}, '
                f'got {self.deconv_style!r}'
            )
        if not isinstance(self.sic, bool):
            raise LitePoseError(f'sic: expected true or false, got {self.sic!r}')
        if self.img_size % self.stride:
            raise LitePoseError(
                f'img_size: expected a multiple of {self.stride}, got {self.img_size}'
            )

    @property
    def strides(self) -> tuple[int, ...]:
        """Strides of the backbone's features: stem, then every stage."""
        strides = [STEM_STRIDE]
        for stage in self.stages:
            strides.append(strides[-1] * stage.stride)
        return tuple(strides)

    @property
    def stride(self) -> int:
        """The deepest stride; both sides of the input are multiples of it."""
        return self.strides[-1]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EfficientPoseArchitecture:
        """Create an architecture from plain values, as in configs and JSON files.

        Raises:
            LitePoseError: A field is unknown, missing or wrong.
        """
        known = [field.name for field in fields(cls)]
        if not isinstance(data, Mapping) or not set(known[:3]) <= data.keys() <= {*known}:
            got = ', '.join(map(str, data)) if isinstance(data, Mapping) else repr(data)
            raise LitePoseError(
                f'EfficientPose: expected {", ".join(known)}, of which the last '
                f'{len(known) - 3} have defaults, got {got}'
            )
        values: dict[str, Any] = {
            key: tuple(v) if isinstance(v, list) else v for key, v in data.items()
        }
        try:
            values['stages'] = tuple(
                Stage(each['channel'], each['stride'], tuple(map(parse_block, each['blocks'])))
                for each in data['stages']
            )
        except (TypeError, KeyError) as error:
            raise LitePoseError(
                'stages: expected a list of channel, stride and blocks, such as K3_E6, of each '
                f'stage, got {data["stages"]!r:.80} ({error})'
            ) from None
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for configs and JSON files."""
        values: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(self)}
        values['deconv_channels'] = list(self.deconv_channels)
        values['stages'] = [
            dict(
                channel=stage.channel,
                stride=stage.stride,
                blocks=[block_name(setting) for setting in stage.block_setting],
            )
            for stage in self.stages
        ]
        return values


#: The settings of Table 1: the width behind the stem, then width, stride and blocks of each stage.
SETTINGS = {
    'small': (16, ((24, 2, 4), (32, 2, 6), (64, 2, 10), (96, 1, 8))),
    'large': (24, ((32, 2, 6), (64, 2, 8), (96, 2, 10), (160, 1, 10))),
}


def chain(setting: str, block: str) -> EfficientPoseArchitecture:
    """Return a chain of equal blocks in one of the :data:`SETTINGS`.

    Raises:
        LitePoseError: There is no such setting or block.
    """
    if setting not in SETTINGS:
        raise LitePoseError(f'setting: expected {" or ".join(SETTINGS)}, got {setting!r}')
    width, stages = SETTINGS[setting]
    return EfficientPoseArchitecture(
        img_size=256,
        input_channel=width,
        stages=tuple(
            Stage(channel, stride, (parse_block(block),) * depth)
            for channel, stride, depth in stages
        ),
    )


#: The smallest chain of the space, one of small kernels, and the largest, in both settings.
ARCHITECTURES = {
    f'efficientpose-{setting}-{block.replace("_", "").lower()}': chain(setting, block)
    for setting, block in product(SETTINGS, ('K3_E3', 'K3_E6', 'K7_E6'))
}


def get_architecture(
    source: str | Path | Mapping[str, Any] | EfficientPoseArchitecture,
) -> EfficientPoseArchitecture:
    """Return an architecture.

    Args:
        source: Name, path of a JSON file, plain values, or an architecture.

    Raises:
        LitePoseError: The name is unknown, or the file or a value is impossible.
    """
    if isinstance(source, EfficientPoseArchitecture):
        return source
    if isinstance(source, Mapping):
        return EfficientPoseArchitecture.from_dict(source)
    return named_architecture(source, ARCHITECTURES, EfficientPoseArchitecture.from_dict)


class EfficientPose(Family):
    """EfficientPose: a chain of searched blocks and a slim head, for single people in crops."""

    name = 'efficientpose'
    title = 'EfficientPose'
    method = 'TD-HM'
    paper = Paper(
        'EfficientPose: Efficient Human Pose Estimation with Neural Architecture Search',
        'https://arxiv.org/abs/2012.07086',
    )
    variants = ARCHITECTURES

    def model_config(
        self,
        architecture: EfficientPoseArchitecture,
        num_keypoints: int,
        supernet: bool = False,
    ) -> dict[str, Any]:
        """Return the config of a top-down network, whose codec a config adds."""
        backbone: dict[str, Any] = dict(type='EfficientPose', arch=architecture.to_dict())
        if supernet:
            backbone.update(type='ElasticEfficientPose', kernel_sizes=[7, 5, 3])
        return dict(
            type='SupernetTopdownPoseEstimator' if supernet else 'TopdownPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=backbone,
            head=head_config(architecture, num_keypoints),
        )

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        """Recognise a network, with the published strides, and 256 as input size."""
        try:
            stem, stages = stages_of(state)
            architecture = EfficientPoseArchitecture(256, stem, stages, **_head_of(state))
            num_keypoints = len(state['head.final_layer.weight'])
        except (KeyError, IndexError, LitePoseError):
            return None
        name = next((name for name, own in ARCHITECTURES.items() if own == architecture), None)
        return Recognised(self, architecture, name, num_keypoints)


def head_config(architecture: EfficientPoseArchitecture, num_keypoints: int) -> dict[str, Any]:
    """Return the head of a network, as in configs."""
    return dict(
        type='EfficientPoseHead',
        in_channels=architecture.stages[-1].channel,
        out_channels=num_keypoints,
        deconv_out_channels=list(architecture.deconv_channels),
        deconv_kernel_sizes=[4] * len(architecture.deconv_channels),
        deconv_style=architecture.deconv_style,
        sic=architecture.sic,
    )


def _head_of(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Derive what an architecture has of the head from shapes.

    Raises:
        KeyError: A tensor is missing.
    """
    prefix = 'head.deconv_layers.'
    styles = {
        'mbv2': 'project.conv.weight',
        'mbv1': 'pointwise.conv.weight',
        'plain': 'conv.weight',
    }
    style = next((own for own, name in styles.items() if f'{prefix}0.{name}' in state), None)
    if style is None:
        raise KeyError(prefix)
    output = 1 if style == 'plain' else 0  # a transposed convolution has its inputs first
    widths: Sequence[int] = [
        state[f'{prefix}{index}.{styles[style]}'].shape[output]
        for index in range(1 + last_index(state, rf'{re.escape(prefix)}(\d+)\.'))
    ]
    return dict(
        deconv_channels=tuple(widths),
        deconv_style=style,
        sic='head.conv_layers.0.conv.weight' in state,
    )
