"""Three lines from a picture to people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, overload

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose, pseudo_collate
from mmpose.structures import PoseDataSample

from ..errors import LitePoseError
from ..media import read_image
from ..structures import PoseResult, Skeleton
from .model_building import build_model

Picture = str | Path | np.ndarray

# The short side of every picture becomes the network's input size, so a strip of a picture would
# become a huge input.
_MAX_ASPECT_RATIO = 20

# How torch says it in a RuntimeError, which it also raises for everything else.
_OUT_OF_MEMORY = ('out of memory', 'not enough memory', "can't allocate memory")


class PoseEstimator:
    """Finds people and their keypoints on pictures.

    Example::

        estimator = PoseEstimator('litepose-m_crowdpose', weights='litepose-m.pth')
        result = estimator('photo.jpg')
        drawing = result.draw()

    Args:
        model: Name in the zoo (``litepose models`` lists them), or name or path of a config.
        weights: File with weights: MMEngine's, the authors' or safetensors. None leaves random
            ones and warns.
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
        if not isinstance(batch_size, int) or batch_size < 1:
            raise LitePoseError(f'batch_size: expected a positive integer, got {batch_size!r}')
        self.batch_size = batch_size
        self.model = build_model(model, weights, device, flip_test, input_size, cfg_options)
        self.skeleton = Skeleton.from_metainfo(self.model.dataset_meta)
        self._pipeline = Compose(self.model.cfg.test_dataloader.dataset.pipeline)

    @overload
    def __call__(self, pictures: Picture) -> PoseResult: ...

    @overload
    def __call__(self, pictures: Sequence[Picture]) -> list[PoseResult]: ...

    def __call__(self, pictures):
        """Finds the people on one picture, or on each of a list.

        Pictures of a list go through the network together only where their inputs have the same
        size, so nothing is padded and results do not depend on what else is in the list.

        Args:
            pictures: Path of a picture, or BGR (H, W, 3) uint8; or a list of these.

        Returns:
            The people; for a list, a list of results in its order.

        Raises:
            LitePoseError: A picture cannot be read, is not BGR uint8, is longer than 20 times its
                other side, or takes more memory than there is.
        """
        if isinstance(pictures, (str, Path, np.ndarray)):
            return self._predict([pictures])[0]
        return self._predict(list(pictures))

    def _predict(self, pictures: Sequence[Picture]) -> list[PoseResult]:
        results: list[PoseResult | None] = [None] * len(pictures)
        waiting: dict[Any, list[tuple[int, dict]]] = {}  # inputs of one size, not yet a batch
        for index, picture in enumerate(pictures):
            data = self._prepare(picture)
            batch = waiting.setdefault(_input_shape(data['inputs']), [])
            batch.append((index, data))
            if len(batch) == self.batch_size:
                self._run(batch, pictures, results)
                batch.clear()
        for batch in waiting.values():
            if batch:
                self._run(batch, pictures, results)
        return results

    def _prepare(self, picture: Picture) -> dict[str, Any]:
        image = picture if isinstance(picture, np.ndarray) else read_image(picture)
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or not image.size:
            raise LitePoseError(
                f'expected a picture as BGR (H, W, 3) uint8, got {image.dtype} {image.shape}; '
                'convert it, e.g. with cv2.cvtColor'
            )
        short, long = sorted(image.shape[:2])
        if long > _MAX_ASPECT_RATIO * short:
            raise LitePoseError(
                f'expected a picture no longer than {_MAX_ASPECT_RATIO} times its other side, got '
                f'{image.shape[1]}x{image.shape[0]}; cut it into pieces'
            )
        image = np.ascontiguousarray(image)  # a view such as rgb[..., ::-1] is fine too
        size = f'a picture of {image.shape[1]}x{image.shape[0]}'
        with _one_line_errors(size):
            return self._pipeline({**self.model.dataset_meta, 'img': image})

    def _run(
        self,
        batch: list[tuple[int, dict]],
        pictures: Sequence[Picture],
        results: list[PoseResult | None],
    ) -> None:
        """Predicts a batch and puts its results where they belong."""
        height, width = batch[0][1]['data_samples'].metainfo['img_shape'][:2]
        inputs = f'{len(batch)} input{"s" if len(batch) > 1 else ""} of {width}x{height}'
        with _one_line_errors(inputs), torch.inference_mode():
            samples = self.model.test_step(pseudo_collate([data for _, data in batch]))
        for (index, _), sample in zip(batch, samples, strict=True):
            picture = pictures[index]
            source = None if isinstance(picture, np.ndarray) else str(picture)
            results[index] = result_from_data_sample(sample, self.skeleton, source)


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
    return PoseResult(
        keypoints=np.reshape(people.keypoints, (-1, joints, 2)),
        keypoint_scores=keypoint_scores,
        scores=keypoint_scores.mean(axis=1) if scores is None else np.reshape(scores, -1),
        skeleton=skeleton,
        image_size=(width, height),
        tags=people.get('tags', None),
        source=source,
    )


@contextmanager
def _one_line_errors(what: str) -> Iterator[None]:
    """Turns lack of memory, and what OpenCV refuses, into a LitePoseError about ``what``."""
    try:
        yield
    except (MemoryError, cv2.error, RuntimeError) as error:
        text = str(error).lower()
        no_memory = (
            isinstance(error, MemoryError) or getattr(error, 'code', 0) == cv2.Error.StsNoMem
        )
        if no_memory or any(message in text for message in _OUT_OF_MEMORY):
            raise LitePoseError(
                f'there is not enough memory for {what}; take a smaller input size or batch size'
            ) from error
        if isinstance(error, cv2.error):
            raise LitePoseError(f'OpenCV cannot work on {what}: {error.err}') from error
        raise


def _input_shape(inputs: torch.Tensor | list[torch.Tensor]) -> tuple:
    """Returns the shape of an input; of a multi-scale input, the shapes."""
    if isinstance(inputs, torch.Tensor):
        return tuple(inputs.shape)
    return tuple(tuple(scale.shape) for scale in inputs)
