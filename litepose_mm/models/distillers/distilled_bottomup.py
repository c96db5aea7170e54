"""Knowledge distillation: a student also learns from the maps of a teacher.

Paper: LitePose (CVPR 2022), section 5.3, which trains LitePose-XS on the heatmaps of LitePose-S.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import torch
from mmpose.models import BottomupPoseEstimator, build_pose_estimator
from mmpose.registry import MODELS
from mmpose.utils.typing import ConfigType, SampleList
from torch import Tensor, nn

from ...checkpoints import load_weights
from ...errors import LitePoseError
from ...utils.config_files import read_config
from ...zoo import find_config
from ..heads.multilevel_ae_head import MultiLevelAEHead, level_masks, resize_maps
from ..pose_estimators.multi_scale_bottomup import MultiScaleBottomupPoseEstimator
from ..utils.deploy_form import to_deploy_form
from ..utils.openvino_network import OpenVINONetwork


class _Maps(nn.Module):
    """An estimator as a plain network: from images to the outputs of its head."""

    def __init__(self, estimator: BottomupPoseEstimator):
        super().__init__()
        self.estimator = estimator

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.estimator.head.forward(self.estimator.extract_feat(images)))


@MODELS.register_module()
class DistilledBottomupPoseEstimator(MultiScaleBottomupPoseEstimator):
    """The student's estimator, which has a teacher during training only.

    The teacher is not a submodule: checkpoints hold the student alone and load into its plain
    config. It stays in eval mode and gets no gradient. Teacher and student may differ in input
    size, width and family; both need a :class:`MultiLevelAEHead` with the same keypoints in the
    same order.

    The authors' released distillation never runs, because it compares an option with a value of
    another type, and it would leave the teacher in training mode. Here, the teacher is in eval
    mode, and its maps are resized bilinearly instead of to the nearest pixel.

    Args:
        teacher: Config of the teacher's ``model``, its name in the zoo, or its config file.
        teacher_weights: Checkpoint of the teacher. None gives it random weights, for tests only.
        teacher_input_size: Width and height to which images are resized for the teacher. None
            keeps the student's input size.
        heatmap_weight: Factor of the masked heatmap loss between student and teacher, at every
            level.
        tag_weight: Factor of the squared difference between the tags. It is weighted by the
            teacher's heatmaps, because tags have no meaning where there is no keypoint. With 0,
            tags are learned from labels only, as in the paper.
        teacher_engine: ``'torch'``, or ``'openvino'``, which halves the teacher's time on a CPU.
        with_labels: Whether the student also learns from labels. Without them, any images can be
            used, for example images in which some people are not labelled.
        kwargs: Arguments of MMPose's :class:`BottomupPoseEstimator`, for the student.

    Raises:
        ValueError: ``teacher_engine`` is unknown.
    """

    def __init__(
        self,
        teacher: ConfigType | str,
        teacher_weights: str | None = None,
        teacher_input_size: tuple[int, int] | None = None,
        heatmap_weight: float = 1.0,
        tag_weight: float = 0.0,
        teacher_engine: str = 'torch',
        with_labels: bool = True,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        if not isinstance(teacher, Mapping):
            teacher = read_config(find_config(teacher)).model
        self.teacher_config = teacher
        self.teacher_weights = teacher_weights
        self.teacher_input_size = teacher_input_size
        self.heatmap_weight = heatmap_weight
        # Not the head's loss, which may expect targets that are 0 away from keypoints.
        self.map_loss = MODELS.build(dict(type='KeypointMSELoss'))
        self.tag_weight = tag_weight
        self.with_labels = with_labels
        if teacher_engine not in ('torch', 'openvino'):
            raise ValueError(
                f"teacher_engine: expected 'torch' or 'openvino', got {teacher_engine!r}"
            )
        self.teacher_engine = teacher_engine

    @cached_property
    def teacher(self) -> BottomupPoseEstimator:
        """The teacher, in eval mode and on the student's device; built when training begins.

        A cached property is no submodule, so that the teacher stays out of the state dict, the
        parameters and the training mode.
        """
        network = build_pose_estimator(self.teacher_config)
        for name, head in (('teacher', network.head), ('student', self.head)):
            if not isinstance(head, MultiLevelAEHead):
                raise LitePoseError(
                    f'{name}: expected a model with heatmaps and tags, such as LitePose or '
                    f'HigherHRNet, got one with {type(head).__name__}'
                )
        if self.teacher_weights is not None:
            load_weights(network, self.teacher_weights)
        if network.head.num_keypoints != self.head.num_keypoints:
            raise LitePoseError(
                'teacher: expected a model with the keypoints of the student, got '
                f'{network.head.num_keypoints} and {self.head.num_keypoints} keypoints'
            )
        return to_deploy_form(network).to(next(self.parameters()))

    @cached_property
    def _teacher_network(self) -> Callable[[Tensor], tuple[Tensor, ...]]:
        network = _Maps(self.teacher)
        return OpenVINONetwork(network) if self.teacher_engine == 'openvino' else network

    def init_weights(self) -> None:
        """Also build the teacher, so that a missing one is reported before the first batch."""
        super().init_weights()
        _ = self.teacher

    def _apply(self, fn: Callable, *args: Any, **kwargs: Any) -> DistilledBottomupPoseEstimator:
        """Also move or convert the teacher."""
        if 'teacher' in self.__dict__:
            self.teacher._apply(fn, *args, **kwargs)
        return super()._apply(fn, *args, **kwargs)

    def loss(self, inputs: Tensor, data_samples: SampleList) -> dict[str, Tensor]:
        """Compute the student's losses and ``loss_distill_*``."""
        return self._student_losses(inputs, data_samples, self._taught(inputs))

    @torch.no_grad()
    def _taught(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Compute the teacher's outputs."""
        width, height = self.teacher_input_size or (inputs.shape[3], inputs.shape[2])
        return self._teacher_network(resize_maps(inputs, (height, width)))

    def _student_losses(
        self, inputs: Tensor, data_samples: SampleList, taught: tuple[Tensor, ...]
    ) -> dict[str, Tensor]:
        outputs = self.head.forward(self.extract_feat(inputs))
        losses = self.head.loss_of_outputs(outputs, data_samples) if self.with_labels else {}
        losses.update(self._heatmap_losses(outputs, taught, data_samples))
        if self.tag_weight:
            losses['loss_distill_tag'] = self._tag_loss(outputs, taught)
        return losses

    def _heatmap_losses(
        self, outputs: tuple[Tensor, ...], teacher_outputs: tuple[Tensor, ...], samples: SampleList
    ) -> dict[str, Tensor]:
        """Compare level by level, or with aggregated heatmaps if the teacher has other levels."""
        own, _ = self.head.split(outputs)
        targets, _ = self.teacher.head.split(teacher_outputs)
        if len(targets) != len(own):
            targets = [self.teacher.head.aggregate(teacher_outputs)[0]] * len(own)
        losses = {}
        for level, (prediction, target) in enumerate(zip(own, targets)):
            mask = level_masks(samples, level)
            target = resize_maps(target, prediction.shape[2:]).float()
            losses[f'loss_distill_heatmap_{level}'] = self.heatmap_weight * (
                self.map_loss(prediction.float(), target, None, mask)
            )
        return losses

    def _tag_loss(self, outputs: tuple[Tensor, ...], teacher_outputs: tuple[Tensor, ...]) -> Tensor:
        own = self.head.aggregate(outputs)[1].float()
        heatmaps, target = self.teacher.head.aggregate(teacher_outputs)
        if own.shape[1] != target.shape[1]:
            raise LitePoseError(
                'tag_weight: expected the same number of tag maps, got '
                f'{target.shape[1]} of the teacher and {own.shape[1]} of the student; set it to 0'
            )
        size = own.shape[2:]
        weight = resize_maps(heatmaps, size).float().clamp(min=0)
        weight = weight.repeat(1, own.shape[1] // weight.shape[1], 1, 1)
        squared = (own - resize_maps(target, size).float()).square()
        # Averaged per image, like the heatmap loss, so that training on several devices gives the
        # gradient of the whole batch.
        losses = (squared * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3)).clamp(min=1)
        return self.tag_weight * losses.mean()
