"""The EfficientHRNet family: networks of any size from one compound scaling formula.

Source: Neff et al., "EfficientHRNet", arXiv 2007.08090, section 3.2 and tables 1 and 2. The paper's
text gives 1.25 as scale of the branches' widths; its Table 1 follows from the 1.2455 of the
authors' code, rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import LitePoseError
from .base import Family, Paper, Recognised, last_index, named_architecture, require_counts
from .higherhrnet import check_head, head_keypoints, head_of, higher_head, modules_of
from .litepose import make_divisible

if TYPE_CHECKING:
    from torch import Tensor

#: Expansion, kernel size and stride of the seven stages of EfficientNet (B0).
MBCONV_STAGES = ((1, 3, 1), (6, 3, 2), (6, 5, 2), (6, 3, 2), (6, 5, 1), (6, 5, 2), (6, 3, 1))
#: Channels and numbers of blocks of these stages, and channels of the stem, in B0.
B0_CHANNELS, B0_REPEATS, B0_STEM = (16, 24, 40, 80, 112, 192, 320), (1, 2, 2, 3, 3, 4, 1), 32

#: The smallest coefficient, at which every stage has one module, and the largest that EfficientNet
#: uses.
MIN_PHI, MAX_PHI = -5, 7


@dataclass(frozen=True)
class EfficientHRNetArchitecture:
    """The architecture of an EfficientHRNet.

    Args:
        img_size: Short side of the input in pixels, a multiple of 32.
        stem: Channels of the EfficientNet's stem.
        stages: Channels and number of blocks of each of its seven stages.
        widths: Channels of the four branches, finest first.
        modules: Number of modules of stages 2 to 4.
        branch_blocks: Number of blocks of every branch of a module.
        deconv_channels: Channels of each transposed convolution of the head.
        deconv_blocks: Number of blocks behind each transposed convolution.
        tag_levels: For each level, coarse to fine, whether it has tags. The released weights of H0
            have tags at both.

    Raises:
        LitePoseError: A value is impossible.
    """

    img_size: int
    stem: int
    stages: tuple[tuple[int, int], ...]
    widths: tuple[int, ...]
    modules: tuple[int, ...]
    branch_blocks: int = 2
    deconv_channels: tuple[int, ...] = (32,)
    deconv_blocks: int = 2
    tag_levels: tuple[bool, ...] = (True, False)

    #: Both sides of the input are multiples of it.
    stride: ClassVar[int] = 32

    def __post_init__(self) -> None:
        for name, length in dict(stages=len(MBCONV_STAGES), widths=4, modules=3).items():
            if len(getattr(self, name)) != length:
                raise LitePoseError(
                    f'{name}: expected {length} entries, got {len(getattr(self, name))}'
                )
        if any(len(stage) != 2 for stage in self.stages):
            raise LitePoseError(f'stages: expected channels and blocks of each, got {self.stages}')
        require_counts(
            img_size=[self.img_size],
            stem=[self.stem],
            stages=[value for stage in self.stages for value in stage],
            widths=self.widths,
            modules=self.modules,
            branch_blocks=[self.branch_blocks],
        )
        check_head(self)
        if self.img_size % self.stride:
            raise LitePoseError(
                f'img_size: expected a multiple of {self.stride}, got {self.img_size}'
            )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> EfficientHRNetArchitecture:
        """Create an architecture from plain values, as in configs.

        Raises:
            LitePoseError: A field is unknown, missing or wrong.
        """
        try:
            return cls(**{name: _frozen(value) for name, value in data.items()})
        except (AttributeError, TypeError, ValueError) as error:
            raise LitePoseError(f'EfficientHRNet: {error}') from None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values for configs."""
        return asdict(self)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, (list, tuple)) else value


def compound_scaling(
    phi: int, tag_levels: tuple[bool, ...] = (True, False)
) -> EfficientHRNetArchitecture:
    """Return the network of a compound coefficient (equations 4 to 6 and Table 1).

    Stage 3 loses a module for each step below 0 until one remains, then stage 4.

    Args:
        phi: The compound coefficient: 0 is H0, -1 is H-1, ….
        tag_levels: See :class:`EfficientHRNetArchitecture`.

    Raises:
        LitePoseError: ``phi`` is no whole number from :data:`MIN_PHI` to :data:`MAX_PHI`.
    """
    if isinstance(phi, bool) or not isinstance(phi, int) or not MIN_PHI <= phi <= MAX_PHI:
        raise LitePoseError(
            f'phi: expected a whole number from {MIN_PHI}, where every stage has a single module, '
            f'to {MAX_PHI}, the largest of EfficientNet, got {phi!r}'
        )
    stem, *channels = (make_divisible(c * 1.1**phi) for c in (B0_STEM, *B0_CHANNELS))
    repeats = (math.ceil(round(count * 1.2**phi, 6)) for count in B0_REPEATS)
    widths = tuple(math.ceil(width * 1.2455**phi) for width in (32, 64, 128, 256))
    return EfficientHRNetArchitecture(
        img_size=512 + 32 * phi,
        stem=stem,
        stages=tuple(zip(channels, repeats)),
        widths=widths,
        modules=(1, max(4 + phi, 1), 3 + min(max(phi + 3, -2), 0)),
        deconv_channels=widths[:1],
        tag_levels=tag_levels,
    )


#: The published networks by name.
ARCHITECTURES: dict[str, EfficientHRNetArchitecture] = {
    **{f'efficienthrnet-h{phi}': compound_scaling(phi) for phi in range(0, MIN_PHI, -1)},
    'efficienthrnet-h0-tags2': compound_scaling(0, tag_levels=(True, True)),
}


def get_architecture(
    source: int | str | Path | Mapping[str, Any] | EfficientHRNetArchitecture,
) -> EfficientHRNetArchitecture:
    """Return an architecture.

    Args:
        source: Compound coefficient, name, path of a JSON file, plain values, or an architecture.

    Raises:
        LitePoseError: The coefficient, the name, the file or a value is impossible.
    """
    if isinstance(source, EfficientHRNetArchitecture):
        return source
    if isinstance(source, Mapping):
        return EfficientHRNetArchitecture.from_dict(source)
    if isinstance(source, (str, Path)):
        return named_architecture(source, ARCHITECTURES, EfficientHRNetArchitecture.from_dict)
    return compound_scaling(source)


class EfficientHRNet(Family):
    """EfficientHRNet: an EfficientNet, the branches of HRNet, and HigherHRNet's head."""

    name = 'efficienthrnet'
    title = 'EfficientHRNet'
    method = 'AE'
    paper = Paper(
        'EfficientHRNet: Efficient Scaling for Lightweight High-Resolution Multi-Person Pose '
        'Estimation',
        'https://arxiv.org/abs/2007.08090',
    )
    variants = ARCHITECTURES
    authors_names = {
        'features.0.1.': 'backbone.efficientnet.features.0.conv.',
        'features.0.2.': 'backbone.efficientnet.features.0.bn.',
        # The first block does not expand its input.
        'features.1.conv.0.1.': 'backbone.efficientnet.features.1.depthwise.conv.',
        'features.1.conv.0.2.': 'backbone.efficientnet.features.1.depthwise.bn.',
        'features.1.conv.1.se.1.': 'backbone.efficientnet.features.1.excite.reduce.',
        'features.1.conv.1.se.3.': 'backbone.efficientnet.features.1.excite.expand.',
        'features.1.conv.2.': 'backbone.efficientnet.features.1.project.conv.',
        'features.1.conv.3.': 'backbone.efficientnet.features.1.project.bn.',
        'features.{i}.conv.0.1.': 'backbone.efficientnet.features.{i}.expand.conv.',
        'features.{i}.conv.0.2.': 'backbone.efficientnet.features.{i}.expand.bn.',
        'features.{i}.conv.1.1.': 'backbone.efficientnet.features.{i}.depthwise.conv.',
        'features.{i}.conv.1.2.': 'backbone.efficientnet.features.{i}.depthwise.bn.',
        'features.{i}.conv.2.se.1.': 'backbone.efficientnet.features.{i}.excite.reduce.',
        'features.{i}.conv.2.se.3.': 'backbone.efficientnet.features.{i}.excite.expand.',
        'features.{i}.conv.3.': 'backbone.efficientnet.features.{i}.project.conv.',
        'features.{i}.conv.4.': 'backbone.efficientnet.features.{i}.project.bn.',
        'trans{i}_branch{j}.': 'backbone.transition{i}.branch{j}.',
        'stage{i}.': 'backbone.stage{i}.',
        'final_layers.{i}.': 'head.final_layers.{i}.',
        'deconv_layers.{i}.': 'head.deconv_layers.{i}.',
    }
    # The layer before the classifier is one of the features, without the `conv` of a block.
    classifier_names = ('classifier.', 'features.{i}.1.', 'features.{i}.2.')

    def model_config(
        self, architecture: EfficientHRNetArchitecture, num_keypoints: int, supernet: bool = False
    ) -> dict[str, Any]:
        return dict(
            type='BottomupPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=dict(
                type='ElasticEfficientHRNet' if supernet else 'EfficientHRNet',
                arch=architecture.to_dict(),
            ),
            head=higher_head(architecture, architecture.widths[0], num_keypoints),
        )

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        """Recognise a network, with 512 as input size unless the formula has it."""
        try:
            architecture = EfficientHRNetArchitecture(img_size=512, **_fields_of(state))
            num_keypoints = head_keypoints(state)
        except (KeyError, IndexError, LitePoseError):
            return None
        for phi in range(MIN_PHI, MAX_PHI + 1):
            own = compound_scaling(phi)
            sized = replace(architecture, img_size=own.img_size)
            if replace(sized, tag_levels=own.tag_levels) == own:
                architecture = sized
        name = next((name for name, own in self.variants.items() if own == architecture), None)
        return Recognised(self, architecture, name, num_keypoints)


def _fields_of(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Derive the fields of an architecture, besides the input size, from shapes.

    Raises:
        KeyError: A tensor is missing.
    """
    features = 'backbone.efficientnet.features'
    blocks = []
    for index in range(1, 1 + last_index(state, rf'{features}\.(\d+)\.')):
        block = f'{features}.{index}.'
        expands = f'{block}expand.conv.weight' in state
        kernel = state[f'{block}depthwise.conv.weight'].shape[-1]
        blocks.append((expands, kernel, len(state[f'{block}project.conv.weight'])))
    # Neighbouring stages differ in their kernel or in their channels.
    stages = tuple((key[-1], len(list(group))) for key, group in groupby(blocks))
    branches = range(1, 5)
    return dict(
        stem=len(state[f'{features}.0.conv.weight']),
        stages=stages,
        widths=tuple(len(state[f'backbone.transition3.branch{i}.0.weight']) for i in branches),
        modules=modules_of(state),
        branch_blocks=1 + last_index(state, r'backbone\.stage2\.0\.branches\.0\.(\d+)\.'),
        **head_of(state),
    )
