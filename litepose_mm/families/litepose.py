"""The LitePose family: its architectures in the authors' JSON form, and the authors' weights.

Source: LitePose (CVPR 2022), sections 3 and 5.2, and the released ``mobile_configs``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LitePoseError
from .base import Family, Paper, Recognised, last_index, named_architecture

if TYPE_CHECKING:
    from torch import Tensor

#: Stride of the deepest feature before the first stage (the stem halves its input).
STEM_STRIDE = 2
#: Width of the stem before it is reduced to ``input_channel``.
STEM_WIDTH = 32


@dataclass(frozen=True)
class Stage:
    """One stage of inverted residual blocks.

    Args:
        channel: Output width of every block.
        stride: Stride of the first block, 1 or 2; the others have stride 1.
        block_setting: ``(expansion, kernel)`` of each block.
    """

    channel: int
    stride: int
    block_setting: tuple[tuple[int, int], ...]

    @property
    def num_blocks(self) -> int:
        return len(self.block_setting)

    def __post_init__(self) -> None:
        _require(self.channel > 0, 'channel', 'a positive integer', self.channel)
        _require(self.stride in (1, 2), 'stride', '1 or 2', self.stride)
        _require(self.num_blocks > 0, 'block_setting', 'at least one block', self.block_setting)
        for expansion, kernel in self.block_setting:
            _require(expansion > 0, 'expansion', 'a positive number', expansion)
            _require(kernel > 0 and kernel % 2 == 1, 'kernel', 'an odd number', kernel)


@dataclass(frozen=True)
class Architecture:
    """The architecture of a LitePose network, with all values of the authors' JSON files.

    Args:
        img_size: Short side of the input in pixels, a multiple of the deepest stride.
        input_channel: Width of the stem's output.
        deconv_setting: Widths of the transposed convolutions, deepest first.
        stages: The backbone's stages, shallowest first.
        fusion: Whether the head adds the backbone's earlier features (False is the row
            "w/o fusion" of the paper's Table 3).

    Raises:
        LitePoseError: A value is impossible.
    """

    img_size: int
    input_channel: int
    deconv_setting: tuple[int, ...]
    stages: tuple[Stage, ...]
    fusion: bool = True

    def __post_init__(self) -> None:
        _require(self.input_channel > 0, 'input_channel', 'a positive integer', self.input_channel)
        _require(
            len(self.deconv_setting) > 0 and min(self.deconv_setting) > 0,
            'deconv_setting',
            'positive integers',
            self.deconv_setting,
        )
        _require(len(self.stages) > 0, 'backbone_setting', 'at least one stage', self.stages)
        _require(isinstance(self.fusion, bool), 'fusion', 'true or false', self.fusion)
        _require(
            self.img_size > 0 and self.img_size % self.stride == 0,
            'img_size',
            f'a multiple of {self.stride}',
            self.img_size,
        )

    @property
    def channels(self) -> tuple[int, ...]:
        """Widths of the backbone's features: stem, then every stage."""
        return (self.input_channel, *(stage.channel for stage in self.stages))

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
    def from_dict(cls, data: Mapping[str, Any]) -> Architecture:
        """Read the authors' JSON form.

        Raises:
            LitePoseError: A field is missing or has an impossible value.
        """
        try:
            stages = []
            for stage in data['backbone_setting']:
                blocks = tuple((_whole(t), _whole(k)) for t, k in stage['block_setting'])
                count = _whole(stage.get('num_blocks', len(blocks)))
                _require(
                    count == len(blocks),
                    'num_blocks',
                    f'{len(blocks)}, the number of entries of block_setting',
                    count,
                )
                stages.append(Stage(_whole(stage['channel']), _whole(stage['stride']), blocks))
            return cls(
                img_size=_whole(data['img_size']),
                input_channel=_whole(data['input_channel']),
                deconv_setting=tuple(_whole(c) for c in data['deconv_setting']),
                stages=tuple(stages),
                fusion=data.get('fusion', True),
            )
        except LitePoseError:
            raise
        except KeyError as error:
            raise LitePoseError(
                'architecture: expected img_size, input_channel, deconv_setting and '
                f"backbone_setting, as in the authors' JSON files, but {error} is missing"
            ) from None
        except (TypeError, AttributeError, ValueError) as error:
            raise LitePoseError(
                f"architecture: expected the form of the authors' JSON files: {error}"
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """Return the authors' JSON form; ``fusion`` is added only if it is False."""
        data = {
            'img_size': self.img_size,
            'input_channel': self.input_channel,
            'deconv_setting': list(self.deconv_setting),
            'backbone_setting': [
                {
                    'num_blocks': stage.num_blocks,
                    'stride': stage.stride,
                    'channel': stage.channel,
                    'block_setting': [list(block) for block in stage.block_setting],
                }
                for stage in self.stages
            ],
        }
        return data if self.fusion else {**data, 'fusion': False}

    def with_kernel(self, kernel: int) -> Architecture:
        """Return the same network with one kernel size (Table 3, rows "k = 3, 5, 7, 9")."""
        stages = tuple(
            replace(stage, block_setting=tuple((t, kernel) for t, _ in stage.block_setting))
            for stage in self.stages
        )
        return replace(self, stages=stages)


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value % 1:
        raise TypeError(f'expected a whole number, got {value!r:.60}')
    return int(value)


def _require(condition: bool, field: str, expected: str, got: Any) -> None:
    if not condition:
        raise LitePoseError(f'architecture: {field}: expected {expected}, got {got!r}')


def make_divisible(value: float, divisor: int = 8) -> int:
    """Return the nearest multiple of ``divisor``, at most 10 % below ``value`` (MobileNetV2)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def _uniform(
    img_size: int, input_channel: int, deconv_setting: Sequence[int], channels: Sequence[int]
) -> Architecture:
    """Make an architecture like the published ones: depths 6/8/10/10, expansion 6, kernel 7."""
    stages = tuple(
        Stage(channel, stride, ((6, 7),) * depth)
        for channel, depth, stride in zip(channels, (6, 8, 10, 10), (2, 2, 2, 1))
    )
    return Architecture(img_size, input_channel, tuple(deconv_setting), stages)


def scaled(arch: Architecture, ratio: float, img_size: int | None = None) -> Architecture:
    """Scale all widths of a network by one ratio and round them to multiples of 8.

    Args:
        arch: The network with ratio 1.
        ratio: Ratio of the widths, above 0.
        img_size: New resolution; None keeps that of ``arch``.
    """
    return replace(
        arch,
        img_size=img_size or arch.img_size,
        input_channel=make_divisible(arch.input_channel * ratio),
        deconv_setting=tuple(make_divisible(width * ratio) for width in arch.deconv_setting),
        stages=tuple(
            replace(stage, channel=make_divisible(stage.channel * ratio)) for stage in arch.stages
        ),
    )


# Name: image size, stem, deconvolutions, stages. The search found 'litepose-*'; 'prune-*' are
# uniform widths of the supernet ('prune-s' is the "0.5 LitePose" of Table 3).
ARCHITECTURES: dict[str, Architecture] = {
    'litepose-xs': _uniform(256, 16, (16, 24, 24), (16, 32, 48, 80)),
    'litepose-s': _uniform(448, 16, (32, 24, 32), (16, 32, 48, 120)),
    'litepose-m': _uniform(448, 16, (64, 40, 32), (24, 48, 72, 120)),
    'litepose-l': _uniform(512, 24, (64, 40, 32), (24, 64, 96, 160)),
    'prune-s': _uniform(512, 16, (32, 24, 16), (16, 32, 48, 80)),
    'prune-m': _uniform(512, 24, (48, 40, 24), (24, 48, 72, 120)),
    'prune-l': _uniform(512, 24, (64, 48, 32), (32, 64, 96, 160)),
}


def get_architecture(source: str | Path | Mapping[str, Any] | Architecture) -> Architecture:
    """Return an architecture.

    Args:
        source: Name, path of a JSON file, mapping in the authors' form, or an architecture.

    Raises:
        LitePoseError: The name is unknown, or the file or mapping is not an architecture.
    """
    if isinstance(source, Architecture):
        return source
    if isinstance(source, Mapping):
        return Architecture.from_dict(source)
    return named_architecture(source, ARCHITECTURES, Architecture.from_dict)


class LitePose(Family):
    """LitePose: a single branch of inverted residual blocks, and a head with fused features."""

    name = 'litepose'
    title = 'LitePose'
    method = 'AE'
    paper = Paper(
        'Lite Pose: Efficient Architecture Design for 2D Human Pose Estimation',
        'https://arxiv.org/abs/2205.01271',
    )
    variants = ARCHITECTURES
    authors_names = {
        'first.2.': 'backbone.stem.2.conv.',
        'first.3.': 'backbone.stem.2.bn.',
        'first.{i}.0.': 'backbone.stem.{i}.conv.',
        'first.{i}.1.': 'backbone.stem.{i}.bn.',
        'stage.{i}.{j}.inv.0.': 'backbone.stages.{i}.{j}.expand.conv.',
        'stage.{i}.{j}.inv.1.': 'backbone.stages.{i}.{j}.expand.bn.',
        'stage.{i}.{j}.Linear{k}x{k}.': (
            'backbone.stages.{i}.{j}.depthwise.conv.kernel_transforms.{k}.'
        ),
        'stage.{i}.{j}.depth_conv.0.': 'backbone.stages.{i}.{j}.depthwise.conv.',
        'stage.{i}.{j}.depth_conv.1.': 'backbone.stages.{i}.{j}.depthwise.bn.',
        'stage.{i}.{j}.point_conv.0.': 'backbone.stages.{i}.{j}.project.conv.',
        'stage.{i}.{j}.point_conv.1.': 'backbone.stages.{i}.{j}.project.bn.',
        'deconv_refined.{i}.': 'head.deconvs.{i}.refined.',
        'deconv_raw.{i}.': 'head.deconvs.{i}.raw.',
        'deconv_bnrelu.{i}.0.': 'head.deconvs.{i}.bn.',
        'final_refined.{i}.conv.0.': 'head.outputs.{i}.refined.depthwise.conv.',
        'final_refined.{i}.conv.1.': 'head.outputs.{i}.refined.depthwise.bn.',
        'final_refined.{i}.conv.3.': 'head.outputs.{i}.refined.pointwise.',
        'final_raw.{i}.conv.0.': 'head.outputs.{i}.raw.depthwise.conv.',
        'final_raw.{i}.conv.1.': 'head.outputs.{i}.raw.depthwise.bn.',
        'final_raw.{i}.conv.3.': 'head.outputs.{i}.raw.pointwise.',
    }

    def model_config(
        self, architecture: Architecture, num_keypoints: int, supernet: bool = False
    ) -> dict[str, Any]:
        arch = architecture.to_dict()
        backbone: dict[str, Any] = dict(type='LitePose', arch=arch)
        head = dict(type='FusionDeconvHead', arch=arch, num_keypoints=num_keypoints)
        if supernet:
            backbone.update(type='ElasticLitePose', kernel_sizes=[7, 5, 3])
            head.update(type='ElasticFusionDeconvHead')
        return dict(
            type='BottomupPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=backbone,
            head=head,
        )

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        """Recognise a network, with the published strides, and 512 as input size if unknown."""
        try:
            architecture = _architecture_of(state)
            level = last_index(state, r'head\.outputs\.(\d+)\.')
            num_keypoints = len(state[f'head.outputs.{level}.refined.pointwise.weight'])
        except (KeyError, IndexError, LitePoseError):
            return None
        for name, published in ARCHITECTURES.items():
            if replace(published, img_size=architecture.img_size) == architecture:
                return Recognised(self, published, name, num_keypoints)
        return Recognised(self, architecture, None, num_keypoints)


def _architecture_of(state: Mapping[str, Tensor]) -> Architecture:
    """Derive the architecture from shapes.

    Raises:
        KeyError: A tensor is missing.
        LitePoseError: Widths do not fit each other.
    """
    input_channel, stages = stages_of(state)
    deconvs = range(1 + last_index(state, r'head\.deconvs\.(\d+)\.'))
    return Architecture(
        img_size=512,
        input_channel=input_channel,
        deconv_setting=tuple(state[f'head.deconvs.{i}.refined.weight'].shape[1] for i in deconvs),
        stages=stages,
        fusion='head.deconvs.0.raw.weight' in state,
    )


def stages_of(state: Mapping[str, Tensor]) -> tuple[int, tuple[Stage, ...]]:
    """Derive the width behind the stem and the stages of a backbone from shapes.

    The strides are the published ones.

    Raises:
        KeyError: A tensor is missing.
        LitePoseError: Widths do not fit each other.
    """
    width = input_channel = len(state['backbone.stem.2.conv.weight'])
    stages = []
    for index in range(1 + last_index(state, r'backbone\.stages\.(\d+)\.')):
        blocks = []
        for block in range(1 + last_index(state, rf'backbone\.stages\.{index}\.(\d+)\.')):
            prefix = f'backbone.stages.{index}.{block}.'
            kernel = state[prefix + 'depthwise.conv.weight'].shape[-1]
            expansion = _expansion(width, len(state[prefix + 'expand.conv.weight']))
            blocks.append((expansion, kernel))
            width = len(state[prefix + 'project.conv.weight'])
        stages.append(Stage(width, 2 if index < 3 else 1, tuple(blocks)))
    return input_channel, tuple(stages)


def _expansion(in_channels: int, width: int) -> int:
    expansion = round(width / in_channels)
    for candidate in (expansion, expansion - 1, expansion + 1):
        if make_divisible(in_channels * candidate) == width:
            return candidate
    raise LitePoseError(f'expansion from {in_channels} to {width}')
