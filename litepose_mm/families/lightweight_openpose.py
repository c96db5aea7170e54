"""The family of Lightweight OpenPose: its architectures, and the authors' weights.

Source: Osokin, "Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose" (2018).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import LitePoseError
from .base import Family, Paper, Recognised

if TYPE_CHECKING:
    from torch import Tensor

#: MobileNet v1 up to conv5_5, with the stride of conv4_2 replaced by a dilation in conv5_1
#: (section 3.2): width, stride and dilation of each separable convolution after the stem.
MOBILENET = (
    *((64, 1, 1), (128, 2, 1), (128, 1, 1), (256, 2, 1), (256, 1, 1), (512, 1, 1)),
    *((512, 1, 2), (512, 1, 1), (512, 1, 1), (512, 1, 1), (512, 1, 1)),
)
# Heatmaps of a body with its background, and the body's name and number of keypoints
# (litepose_mm.decoding.part_affinity.BODIES).
_BODIES = {19: ('coco', 17), 15: ('crowdpose', 14)}


@dataclass(frozen=True)
class Architecture:
    """The architecture of a network.

    Args:
        stem: Width of the first convolution, which halves the input.
        layers: Width, stride and dilation of the separable convolutions that follow.
        width: Width of the head's features.
        num_refinement_stages: How many stages refine the outputs of the initial one.
    """

    stem: int = 32
    layers: tuple[tuple[int, int, int], ...] = MOBILENET
    width: int = 128
    num_refinement_stages: int = 1


class LightweightOpenPose(Family):
    """Lightweight OpenPose: a dilated MobileNet, and stages with heatmaps and affinity fields."""

    name = 'lightweight_openpose'
    title = 'Lightweight OpenPose'
    method = 'PAF'
    paper = Paper(
        'Real-time 2D Multi-Person Pose Estimation on CPU: Lightweight OpenPose',
        'https://arxiv.org/abs/1811.12004',
    )
    variants = {
        'lightweight-openpose': Architecture(),
        'lightweight-openpose-r3': Architecture(num_refinement_stages=3),
    }
    authors_names = {
        'model.0.0.': 'backbone.layers.0.conv.',
        'model.0.1.': 'backbone.layers.0.bn.',
        'model.{i}.0.': 'backbone.layers.{i}.depthwise.conv.',
        'model.{i}.1.': 'backbone.layers.{i}.depthwise.bn.',
        'model.{i}.3.': 'backbone.layers.{i}.pointwise.conv.',
        'model.{i}.4.': 'backbone.layers.{i}.pointwise.bn.',
        'cpm.align.0.': 'head.align.reduce.conv.',
        'cpm.trunk.{i}.0.': 'head.align.trunk.{i}.depthwise.conv.',
        'cpm.trunk.{i}.2.': 'head.align.trunk.{i}.pointwise.conv.',
        'cpm.conv.0.': 'head.align.merge.conv.',
        'initial_stage.trunk.{i}.0.': 'head.initial_stage.trunk.{i}.conv.',
        'initial_stage.pafs.{i}.0.': 'head.initial_stage.fields.{i}.conv.',
        'initial_stage.heatmaps.{i}.0.': 'head.initial_stage.heatmaps.{i}.conv.',
        'refinement_stages.{n}.trunk.{i}.initial.0.': (
            'head.refinement_stages.{n}.trunk.{i}.reduce.conv.'
        ),
        'refinement_stages.{n}.trunk.{i}.trunk.{j}.0.': (
            'head.refinement_stages.{n}.trunk.{i}.trunk.{j}.conv.'
        ),
        'refinement_stages.{n}.trunk.{i}.trunk.{j}.1.': (
            'head.refinement_stages.{n}.trunk.{i}.trunk.{j}.bn.'
        ),
        'refinement_stages.{n}.pafs.{i}.0.': 'head.refinement_stages.{n}.fields.{i}.conv.',
        'refinement_stages.{n}.heatmaps.{i}.0.': 'head.refinement_stages.{n}.heatmaps.{i}.conv.',
    }
    classifier_names = ('fc.',)

    def model_config(
        self, architecture: Architecture, num_keypoints: int, supernet: bool = False
    ) -> dict[str, Any]:
        """Return the config of a network for the keypoints of COCO (17) or CrowdPose (14).

        Raises:
            LitePoseError: The number of keypoints is another one, or ``supernet`` is True.
        """
        names = {count: name for name, count in _BODIES.values()}
        if supernet or num_keypoints not in names:
            raise LitePoseError(
                f'{self.title}: expected a network of {" or ".join(map(str, names))} keypoints, '
                f'got {"a supernet" if supernet else num_keypoints}'
            )
        fields = asdict(architecture)
        return dict(
            type='BottomupPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor'),
            backbone=dict(type='DilatedMobileNet', stem=fields['stem'], layers=fields['layers']),
            head=dict(
                type='LightweightOpenPoseHead',
                in_channels=fields['layers'][-1][0],
                width=fields['width'],
                num_refinement_stages=fields['num_refinement_stages'],
                body=names[num_keypoints],
            ),
        )

    def recognise(self, state: Mapping[str, Tensor]) -> Recognised | None:
        """Recognise a network, with the published strides and dilations."""
        stages = re.compile(r'head\.refinement_stages\.(\d+)\.')
        numbers = [int(match[1]) for match in map(stages.match, state) if match]
        try:
            layers = [
                (len(state[f'backbone.layers.{index}.pointwise.conv.weight']), stride, dilation)
                for index, (_, stride, dilation) in enumerate(MOBILENET, 1)
            ]
            architecture = Architecture(
                stem=len(state['backbone.layers.0.conv.weight']),
                layers=tuple(layers),
                width=len(state['head.align.reduce.conv.weight']),
                num_refinement_stages=max(numbers, default=-1) + 1,
            )
            num_heatmaps = len(state['head.initial_stage.heatmaps.1.conv.bias'])
        except KeyError:
            return None
        _, num_keypoints = _BODIES.get(num_heatmaps, (None, num_heatmaps - 1))
        names = {own: name for name, own in self.variants.items()}
        return Recognised(self, architecture, names.get(architecture), num_keypoints)
