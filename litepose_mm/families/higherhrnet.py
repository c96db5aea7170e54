"""The HigherHRNet family, with LitePose's small networks and its gradual shrinking.

Sources: Cheng et al., "HigherHRNet", CVPR 2020; LitePose (CVPR 2022), section 3 and figure 2. The
stem and the head of LitePose's small networks are not published. They are those with which the
published numbers of parameters and multiply-accumulates are met.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import LitePoseError
from .base import Family, Paper, Recognised, last_index, require_counts

if TYPE_CHECKING:
    from torch import Tensor

#: Number of blocks of every branch, for each of the four stages.
Blocks = tuple[tuple[int, ...], ...]

BASELINE: Blocks = ((4,), (4, 4), (4, 4, 4), (4, 4, 4, 4))


@dataclass(frozen=True)
class HigherHRNetArchitecture:
    """The architecture of a HigherHRNet.

    Args:
        width: Channels of the finest branch; each coarser branch has twice as many as the one
            before.
        blocks: Number of blocks of every branch in each of the four stages, finest branch first. A
            branch without blocks consists of one convolution (LitePose section 3).
        modules: Number of modules of stages 2 to 4, which all have the stage's blocks.
        planes: Inner width of the bottleneck blocks of stage 1, whose output has 4 times as many
            channels.
        deconv_channels: Channels of each transposed convolution of the head.
        deconv_blocks: Number of blocks behind each transposed convolution.
        tag_levels: For each level, coarse to fine, whether it has tags.

    Raises:
        LitePoseError: A value is impossible.
    """

    width: int
    blocks: Blocks = BASELINE
    modules: tuple[int, ...] = (1, 4, 3)
    planes: int = 64
    deconv_channels: tuple[int, ...] = (32,)
    deconv_blocks: int = 4
    tag_levels: tuple[bool, ...] = (True, False)

    def __post_init__(self) -> None:
        check_blocks(self.blocks)
        require_counts(width=[self.width], modules=self.modules, planes=[self.planes])
        if len(self.modules) != 3:
            raise LitePoseError(f'modules: expected those of stages 2 to 4, got {self.modules}')
        check_head(self)

    @property
    def channels(self) -> tuple[int, ...]:
        """Channels of the branches, finest first."""
        return (self.width, 2 * self.width, 4 * self.width, 8 * self.width)

    def extra(self) -> dict[str, Any]:
        """Return the backbone's stages in the form of MMPose's ``HRNet``."""
        stages: dict[str, Any] = {
            'stage1': dict(
                num_modules=1,
                num_branches=1,
                block='BOTTLENECK',
                num_blocks=self.blocks[0],
                num_channels=(self.planes,),
            )
        }
        for branches, (blocks, modules) in enumerate(zip(self.blocks[1:], self.modules), start=2):
            stages[f'stage{branches}'] = dict(
                num_modules=modules,
                num_branches=branches,
                block='BASIC',
                num_blocks=blocks,
                num_channels=self.channels[:branches],
            )
        return stages


def check_blocks(blocks: Sequence[Sequence[int]]) -> Blocks:
    """Check a table of blocks: one row for each of four stages, one number for each branch.

    Raises:
        LitePoseError: The table has another form, or a number is negative.
    """
    try:
        table = tuple(map(tuple, blocks))
    except TypeError:
        table = ()
    sizes = tuple(map(len, table))
    counts = [count for row in table for count in row]
    are_whole = all(type(count) is int and count >= 0 for count in counts)
    if sizes != (1, 2, 3, 4) or not are_whole or table[0][0] < 1:
        raise LitePoseError(
            'blocks: expected four stages with the blocks of 1, 2, 3 and 4 branches, such as '
            f'[[4], [4, 4], [4, 4, 4], [4, 4, 4, 4]], at least one of them in the first, got '
            f'{blocks!r}'
        )
    return table


def check_head(architecture: Any) -> None:
    """Check the fields of an architecture that describe HigherHRNet's head.

    Raises:
        LitePoseError: A value is impossible.
    """
    channels, tags = architecture.deconv_channels, architecture.tag_levels
    require_counts(deconv_channels=channels)
    require_counts(0, deconv_blocks=[architecture.deconv_blocks])
    if len(tags) != len(channels) + 1 or not tags[0]:
        raise LitePoseError(
            f'tag_levels: expected {len(channels) + 1} values, one more than transposed '
            f'convolutions, of which the first is True, got {list(tags)}'
        )


def _small(width: int, planes: int, blocks: Blocks = BASELINE) -> HigherHRNetArchitecture:
    return HigherHRNetArchitecture(width, blocks, planes=planes, deconv_blocks=0)


def gradual_shrinking(remaining: Sequence[int], width: int) -> HigherHRNetArchitecture:
    """Return a network of LitePose's figure 2, whose coarsest branches keep all blocks.

    Args:
        remaining: Blocks of the coarsest branch of a stage and of the finer ones, in this order.
        width: Channels of the finest branch.
    """
    stages = (tuple(remaining[branches - 1 :: -1]) for branches in (1, 2, 3, 4))
    return _small(width, 2 * width, tuple(stages))


class HigherHRNet(Family):
    """HigherHRNet: HRNet, and a head that doubles the resolution."""

    name = 'higherhrnet'
    title = 'HigherHRNet'
    method = 'AE'
    paper = Paper(
        'HigherHRNet: Scale-Aware Representation Learning for Bottom-Up Human Pose Estimation',
        'https://arxiv.org/abs/1908.10357',
    )
    variants = {
        'higherhrnet-w32': HigherHRNetArchitecture(32),
        'higherhrnet-w48': HigherHRNetArchitecture(48, deconv_channels=(48,)),
        'higherhrnet-w24': _small(24, 48),
        'higherhrnet-w16': _small(16, 32),
        'higherhrnet-shrink1': gradual_shrinking((4, 3, 2, 1), 16),
        'higherhrnet-shrink2': gradual_shrinking((4, 1, 1, 1), 18),
        'higherhrnet-shrink3': gradual_shrinking((4, 0, 0, 0), 18),
    }
    authors_names = {
        **{f'{layer}.': f'backbone.{layer}.' for layer in ('conv1', 'bn1', 'conv2', 'bn2')},
        'layer1.': 'backbone.layer1.',
        'transition{i}.': 'backbone.transition{i}.',
        'stage{i}.': 'backbone.stage{i}.',
        'final_layers.{i}.': 'head.final_layers.{i}.',
        'deconv_layers.{i}.': 'head.deconv_layers.{i}.',
    }
    classifier_names = ('incre_modules.', 'downsamp_modules.', 'final_layer.', 'classifier.')

    def model_config(
        self, architecture: HigherHRNetArchitecture, num_keypoints: int, supernet: bool = False
    ) -> dict[str, Any]:
        if supernet:
            raise LitePoseError(
                f'{self.title}: expected one network, got a supernet; the family does not have any'
            )
        return dict(
            type='BottomupPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=dict(type='ShrinkableHRNet', extra=architecture.extra()),
            head=higher_head(architecture, architecture.width, num_keypoints),
        )

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        try:
            architecture = _architecture_of(state)
        except (KeyError, IndexError, LitePoseError):
            return None
        variant = next((name for name, own in self.variants.items() if own == architecture), None)
        return Recognised(self, architecture, variant, head_keypoints(state))


def higher_head(architecture: Any, in_channels: int, num_keypoints: int) -> dict[str, Any]:
    """Return the config of HigherHRNet's head, which EfficientHRNet shares."""
    return dict(
        type='HigherHRNetHead',
        in_channels=in_channels,
        num_keypoints=num_keypoints,
        deconv_channels=architecture.deconv_channels,
        num_basic_blocks=architecture.deconv_blocks,
        tag_levels=architecture.tag_levels,
    )


def head_keypoints(state: Mapping[str, Tensor]) -> int:
    """Derive the number of keypoints: the first level of the head always has tags."""
    return len(state['head.final_layers.0.weight']) // 2


def head_of(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Derive the fields of an architecture that describe HigherHRNet's head.

    Raises:
        KeyError: A tensor is missing.
    """
    num_keypoints = head_keypoints(state)
    levels = range(1 + last_index(state, r'head\.final_layers\.(\d+)\.'))
    deconvs = levels[:-1]
    return dict(
        deconv_channels=tuple(
            state[f'head.deconv_layers.{i}.0.0.weight'].shape[1] for i in deconvs
        ),
        deconv_blocks=last_index(state, r'head\.deconv_layers\.0\.(\d+)\.'),
        tag_levels=tuple(
            len(state[f'head.final_layers.{i}.weight']) > num_keypoints for i in levels
        ),
    )


def modules_of(state: Mapping[str, Tensor]) -> tuple[int, ...]:
    """Derive the number of modules of stages 2 to 4."""
    return tuple(1 + last_index(state, rf'backbone\.stage{i}\.(\d+)\.') for i in (2, 3, 4))


def _architecture_of(state: Mapping[str, Tensor]) -> HigherHRNetArchitecture:
    planes = len(state['backbone.layer1.0.conv1.weight'])
    blocks: list[tuple[int, ...]] = [(1 + last_index(state, r'backbone\.layer1\.(\d+)\.'),)]
    for stage in (2, 3, 4):
        branches = range(1 + last_index(state, rf'backbone\.stage{stage}\.0\.branches\.(\d+)\.'))
        blocks.append(tuple(_num_blocks(state, stage, branch) for branch in branches))
    return HigherHRNetArchitecture(
        width=state['head.final_layers.0.weight'].shape[1],
        blocks=tuple(blocks),
        modules=modules_of(state),
        planes=planes,
        **head_of(state),
    )


def _num_blocks(state: Mapping[str, Tensor], stage: int, branch: int) -> int:
    prefix = f'backbone.stage{stage}.0.branches.{branch}.'
    if f'{prefix}0.weight' in state:  # one convolution in place of blocks
        return 0
    return 1 + last_index(state, rf'{prefix}(\d+)\.')
