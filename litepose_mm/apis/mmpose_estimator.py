"""Run networks through MMPose's own pipeline and ``test_step`` if nothing else can run them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmpose.models import TopdownPoseEstimator
from mmpose.models.pose_estimators.base import BasePoseEstimator
from mmpose.structures import PoseDataSample

from ..decoding import missing_at_zero
from ..inference.base import BaseEstimator
from ..inference.images import inputs_text, one_line_errors
from ..structures import PoseResult, Skeleton
from ..utils.openmp import check_fork


class MMPoseEstimator(BaseEstimator):
    """Finds people with a multi-scale test, or with a head that cannot be deployed.

    Args:
        model: The network that :func:`build_model` returned.
        batch_size: How many images of a list pass through the network at once.
    """

    def __init__(self, model: BasePoseEstimator, batch_size: int = 1) -> None:
        super().__init__(Skeleton.from_metainfo(model.dataset_meta), batch_size)
        self.model = model
        self._pipeline = Compose(model.cfg.test_dataloader.dataset.pipeline)

    @property
    def short_side(self) -> int | None:
        transforms = self.model.cfg.test_dataloader.dataset.pipeline
        sizes = (np.min(each['input_size']) for each in transforms if 'input_size' in each)
        return next(map(int, sizes), None)

    @property
    def weights_file(self) -> Path | None:
        return self.model.weights_file

    @property
    def takes_boxes(self) -> bool:
        return isinstance(self.model, TopdownPoseEstimator)

    def _prepare(self, image: np.ndarray, boxes: np.ndarray | None) -> list[dict[str, Any]]:
        facts = {**self.model.dataset_meta, 'img': image}
        if boxes is None:
            return [self._pipeline(facts)]
        score = np.ones(1, dtype=np.float32)
        return [self._pipeline({**facts, 'bbox': box[None], 'bbox_score': score}) for box in boxes]

    def _input_shape(self, prepared: list[dict[str, Any]]) -> Hashable:
        if not prepared:
            return None
        inputs = prepared[0]['inputs']
        scales = [inputs] if isinstance(inputs, torch.Tensor) else inputs
        return tuple(tuple(scale.shape) for scale in scales)

    def _infer(self, inputs: Sequence[list[dict[str, Any]]]) -> list[PoseDataSample]:
        check_fork()
        batch = [each for prepared in inputs for each in prepared]
        if not batch:
            return []
        with _errors_about(batch), torch.inference_mode():
            return self.model.test_step(pseudo_collate(batch))

    def _finish(
        self,
        inputs: Sequence[list[dict[str, Any]]],
        outputs: list[PoseDataSample],
        sources: Sequence[str | None],
    ) -> list[PoseResult]:
        samples = iter(outputs)
        return [
            _people([next(samples) for _ in prepared], self.skeleton, source)
            if self.takes_boxes
            else result_from_data_sample(next(samples), self.skeleton, source)
            for prepared, source in zip(inputs, sources, strict=True)
        ]


def _people(
    samples: Sequence[PoseDataSample], skeleton: Skeleton, source: str | None
) -> PoseResult:
    """Joins the people of one image, each of whom has a data sample."""
    results = [result_from_data_sample(sample, skeleton, source) for sample in samples]
    keypoint_scores = np.concatenate([each.keypoint_scores for each in results])
    return replace(
        results[0],
        keypoints=np.concatenate([each.keypoints for each in results]),
        keypoint_scores=keypoint_scores,
        scores=keypoint_scores.mean(axis=1),
    )


def _errors_about(batch: Sequence[dict[str, Any]]) -> AbstractContextManager[None]:
    height, width = batch[0]['data_samples'].metainfo['img_shape'][:2]
    return one_line_errors(inputs_text(len(batch), width, height))


def result_from_data_sample(
    sample: PoseDataSample, skeleton: Skeleton, source: str | None = None
) -> PoseResult:
    """Creates a result from the predictions of an MMPose data sample.

    Args:
        sample: A data sample with ``ori_shape`` and ``pred_instances``. The latter have
            ``keypoints`` (N, K, 2) in pixels of the original image and ``keypoint_scores`` (N, K).
            ``bbox_scores`` (N,), which default to the mean keypoint scores, and ``tags`` (N, L)
            are optional.
        skeleton: The K keypoints.
        source: Where the image came from.

    Raises:
        LitePoseError: Shapes do not match, or numbers are not finite.
    """
    height, width = sample.metainfo['ori_shape'][:2]
    people = sample.pred_instances.numpy()
    num_keypoints = skeleton.num_keypoints
    keypoint_scores = np.reshape(people.keypoint_scores, (-1, num_keypoints))
    scores = people.get('bbox_scores', None)
    keypoints = np.reshape(people.keypoints, (-1, num_keypoints, 2))
    return PoseResult(
        keypoints=missing_at_zero(keypoints, keypoint_scores),
        keypoint_scores=keypoint_scores,
        scores=keypoint_scores.mean(axis=1) if scores is None else np.reshape(scores, -1),
        skeleton=skeleton,
        image_size=(width, height),
        tags=people.get('tags', None),
        source=source,
    )
