"""Three lines from a picture to people."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmpose.structures import PoseDataSample

from ..decoding import missing_at_zero
from ..models import MultiLevelAEHead, MultiScaleBottomupPoseEstimator
from ..openmp import check_fork, keep_forks_computing
from ..picture_estimator import PictureEstimator, check_positive, inputs_text, one_line_errors
from ..resize import Resized
from ..structures import PoseResult, Skeleton
from .model_building import build_model

keep_forks_computing()


class PoseEstimator(PictureEstimator):
    """Finds people and their keypoints on pictures.

    Example::

        estimator = PoseEstimator('litepose-m_crowdpose', weights='litepose-m.pth')
        result = estimator('photo.jpg')
        drawing = result.draw()

    Args:
        model: Name in the zoo (``litepose models`` lists them), or name or path of a config.
        weights: File with weights: MMEngine's, the authors' or safetensors. None takes those that
            come with the package; where there are none, they are random, and it warns.
        device: ``'cpu'``, ``'cuda'``, ``'cuda:1'``; None takes CUDA where it is.
        flip_test: Whether the mirrored picture is looked at too, which takes twice the time and
            finds people a little better; None leaves it to the config.
        input_size: Short side of the network's input in pixels, 64 to 4096; None leaves it to the
            config.
        batch_size: How many pictures of a list go through the network at once.
        cfg_options: Values to put into the config, ``{'model.test_cfg.flip_test': True}``.

    Attributes:
        model: The network, as MMPose's ``init_model`` gives it.
        skeleton: The keypoints it finds.

    Raises:
        LitePoseError: There is no such model or device, the config is not one of a bottom-up pose
            estimator, or the weights do not fit.
    """

    def __init__(
        self,
        model: str | Path,
        weights: str | Path | None = None,
        *,
        device: str | None = None,
        flip_test: bool | None = None,
        input_size: int | None = None,
        batch_size: int = 1,
        cfg_options: Mapping[str, Any] | None = None,
    ) -> None:
        check_positive('batch_size', batch_size)
        self.model = build_model(model, weights, device, flip_test, input_size, cfg_options)
        super().__init__(Skeleton.from_metainfo(self.model.dataset_meta), batch_size)
        self._pipeline = Compose(self.model.cfg.test_dataloader.dataset.pipeline)
        self._options = self.model.test_cfg or {}
        self._gives_maps = (
            isinstance(self.model, MultiScaleBottomupPoseEstimator)
            and isinstance(self.model.head, MultiLevelAEHead)
            and not self._options.get('multiscale_test')
        )

    @property
    def input_size(self) -> int | None:
        transforms = self.model.cfg.test_dataloader.dataset.pipeline
        return next((min(each['input_size']) for each in transforms if 'input_size' in each), None)

    @property
    def weights_file(self) -> Path | None:
        return self.model.weights_file

    def maps(
        self, prepared: dict[str, Any], outputs: _Outputs
    ) -> tuple[Resized, np.ndarray, np.ndarray] | None:
        if outputs.maps is None:
            return None
        facts = prepared['data_samples'].metainfo
        image = np.ascontiguousarray(prepared['inputs'].permute(1, 2, 0).numpy())
        zoom = float(facts['input_scale'][0] / facts['input_size'][0])
        heatmaps, tags = (each[0].float().numpy() for each in outputs.maps)
        return Resized(image, np.asarray(facts['input_center']), zoom), heatmaps, tags

    def _prepare(self, image: np.ndarray) -> dict[str, Any]:
        return self._pipeline({**self.model.dataset_meta, 'img': image})

    def _input_shape(self, prepared: dict[str, Any]) -> Hashable:
        inputs = prepared['inputs']
        if isinstance(inputs, torch.Tensor):
            return tuple(inputs.shape)
        return tuple(tuple(scale.shape) for scale in inputs)  # of a multi-scale input

    def _infer(self, inputs: Sequence[dict[str, Any]]) -> _Outputs:
        check_fork()
        batch = pseudo_collate(inputs)
        with _errors_about(inputs), torch.inference_mode():
            if not self._gives_maps:
                return _Outputs(self.model.test_step(batch), None)  # which decodes, too
            data = self.model.data_preprocessor(batch)
            samples = data['data_samples']
            maps = self.model.deploy_forward(
                data['inputs'],
                flip_test=bool(self._options.get('flip_test')),
                flip_indices=samples[0].metainfo.get('flip_indices'),
                shift_heatmap=bool(self._options.get('shift_heatmap')),
            )
            return _Outputs(samples, tuple(each.cpu() for each in maps))  # waits for a GPU

    def _finish(
        self,
        inputs: Sequence[dict[str, Any]],
        outputs: _Outputs,
        sources: Sequence[str | None],
    ) -> list[PoseResult]:
        samples, maps = outputs
        if maps is not None:
            size = samples[0].metainfo['img_shape'][:2]
            look_at = size if self._options.get('restore_heatmap_size', True) else None
            with _errors_about(inputs):
                people = self.model.head.decode(maps, look_at, size)
            samples = self.model.add_pred_to_datasample(people, None, samples)
        return [
            result_from_data_sample(sample, self.skeleton, source)
            for sample, source in zip(samples, sources, strict=True)
        ]


class _Outputs(NamedTuple):
    """What the network gave for a batch: heatmaps and tags, or people already where there are none.

    The maps are ``(B, K, h, w)`` and ``(B, L * K, h', w')``; people are in the samples.
    """

    samples: Sequence[PoseDataSample]
    maps: tuple[torch.Tensor, ...] | None


def _errors_about(inputs: Sequence[dict[str, Any]]) -> AbstractContextManager[None]:
    height, width = inputs[0]['data_samples'].metainfo['img_shape'][:2]
    return one_line_errors(inputs_text(len(inputs), width, height))


def result_from_data_sample(
    sample: PoseDataSample, skeleton: Skeleton, source: str | None = None
) -> PoseResult:
    """Makes a result from the predictions of an MMPose data sample.

    Args:
        sample: With ``ori_shape`` and ``pred_instances``: ``keypoints`` (N, K, 2) in pixels of the
            original picture, ``keypoint_scores`` (N, K), and where present ``bbox_scores`` (N,),
            else the mean score of the keypoints counts, and ``tags`` (N, L).
        skeleton: What the K keypoints are.
        source: Where the picture came from.

    Raises:
        LitePoseError: Shapes do not fit, or numbers are not finite.
    """
    height, width = sample.metainfo['ori_shape'][:2]
    people = sample.pred_instances.numpy()
    joints = skeleton.num_keypoints
    keypoint_scores = np.reshape(people.keypoint_scores, (-1, joints))
    scores = people.get('bbox_scores', None)
    keypoints = np.reshape(people.keypoints, (-1, joints, 2))
    return PoseResult(
        keypoints=missing_at_zero(keypoints, keypoint_scores),
        keypoint_scores=keypoint_scores,
        scores=keypoint_scores.mean(axis=1) if scores is None else np.reshape(scores, -1),
        skeleton=skeleton,
        image_size=(width, height),
        tags=people.get('tags', None),
        source=source,
    )
