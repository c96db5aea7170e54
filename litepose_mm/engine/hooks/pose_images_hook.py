"""Draw the results for some images of validation and test."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.runner import EpochBasedTrainLoop, Runner
from mmengine.runner.base_loop import BaseLoop
from mmpose.registry import HOOKS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn

from ...errors import LitePoseError
from ...media import write_image
from ...structures import PoseResult, Skeleton
from ...visualization import draw_sheet

_MIN_SCORE = 0.05  # of people that are drawn; low, for networks early in training


@HOOKS.register_module()
class PoseImagesHook(Hook):
    """Draws annotated people, found people, heatmaps and tags side by side.

    The hook replaces MMPose's ``PoseVisualizationHook``. Drawings go to the backends of the run's
    visualizer (``vis_data/vis_image`` in its log folder, TensorBoard and others) and to
    ``out_dir``. They show the network's input, so that no file is read again and data sets without
    files can be drawn. Models without tags or heatmaps get fewer panels. Every validation draws the
    same images.

    The maps come from a second run of the model on the images that are drawn, so that the scores
    and all other images are not affected. With several processes, the main one draws images of its
    share; with ``out_dir``, all processes draw.

    Args:
        enable: Whether to draw.
        max_images: Number of images of each validation or test, evenly spaced over the data.
        interval: Draw every n-th image instead, without a limit.
        kpt_thr: Smallest score of keypoints that are drawn.
        show: Whether to also show each drawing in a window.
        wait_time: Seconds for which the window waits; 0 waits for a key.
        out_dir: Folder for drawings.
        backend_args: Ignored, because no image is read; MMPose's configs may set it.

    Raises:
        LitePoseError: A number is out of its range.
    """

    def __init__(
        self,
        enable: bool = True,
        max_images: int = 4,
        interval: int | None = None,
        kpt_thr: float = 0.2,
        show: bool = False,
        wait_time: float = 0.0,
        out_dir: str | None = None,
        backend_args: dict | None = None,
    ) -> None:
        if max_images < 0 or (interval is not None and interval < 1):
            raise LitePoseError(
                'PoseImagesHook: expected max_images of at least 0 and interval of at least 1, got '
                f'{max_images} and {interval}'
            )
        self.enable = enable
        self.max_images = max_images
        self.interval = interval
        self.kpt_thr = kpt_thr
        self.show = show
        self.wait_time = wait_time
        self.out_dir = out_dir
        self._position = 0  # of the next image in this process's share of the data

    def before_val_epoch(self, runner: Runner) -> None:
        self._position = 0

    def before_test_epoch(self, runner: Runner) -> None:
        self._position = 0

    def after_val_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[PoseDataSample]
    ) -> None:
        self._draw_some(runner, 'val', data_batch, outputs)

    def after_test_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict, outputs: Sequence[PoseDataSample]
    ) -> None:
        self._draw_some(runner, 'test', data_batch, outputs)

    def _draw_some(
        self, runner: Runner, mode: str, data_batch: dict, outputs: Sequence[PoseDataSample]
    ) -> None:
        first, self._position = self._position, self._position + len(outputs)
        if not self.enable or not (is_main_process() or self.out_dir):
            return
        loader = runner.val_dataloader if mode == 'val' else runner.test_dataloader
        share = len(loader.dataset) // get_world_size()
        for index, sample in enumerate(outputs):
            if self._is_drawn(first + index, share):
                self._draw(runner, mode, _single(data_batch, index), sample)

    def _is_drawn(self, position: int, share: int) -> bool:
        if self.interval is not None:
            return position % self.interval == 0
        step = max(1, share // max(1, self.max_images))
        return position % step == 0 and position // step < self.max_images

    def _draw(self, runner: Runner, mode: str, data: dict, sample: PoseDataSample) -> None:
        evaluator = runner.val_evaluator if mode == 'val' else runner.test_evaluator
        skeleton = Skeleton.from_metainfo(evaluator.dataset_meta)
        image = _input_image(data['inputs'])
        found = _people(sample, 'pred_instances', 'keypoint_scores', skeleton, image)
        unit, step = _progress(runner)
        sheet = draw_sheet(
            image,
            found.filter(_MIN_SCORE),
            _people(sample, 'gt_instances', 'keypoints_visible', skeleton, image),
            *_maps(runner.model, data, skeleton.num_keypoints),
            title=f'{_title(sample)}, {unit} {step}' if step else _title(sample),
            keypoint_threshold=self.kpt_thr,
        )
        name, rgb = f'{mode}_{_name(sample)}', np.ascontiguousarray(sheet[..., ::-1])
        runner.visualizer.add_image(name, rgb, step)
        if self.out_dir is not None:
            file = f'{name}_{step}.png' if step else f'{name}.png'
            write_image(Path(self.out_dir) / file, sheet)
        if self.show:
            try:
                runner.visualizer.show(rgb, name, self.wait_time)
            except cv2.error as error:
                raise LitePoseError(
                    'cannot show images, because OpenCV cannot open windows here; write them to a '
                    'folder with --show-dir instead'
                ) from error


def _single(data_batch: dict, index: int) -> dict:
    """Return a batch that holds one of the images."""
    inputs = data_batch['inputs']
    if isinstance(inputs[0], Tensor):
        inputs = [inputs[index]]
    else:  # several scales of each
        inputs = [[scale[index]] for scale in inputs]
    return dict(inputs=inputs, data_samples=[data_batch['data_samples'][index]])


def _input_image(inputs: list) -> np.ndarray:
    """Return the network's input before normalisation, BGR (H, W, 3) uint8, at the first scale."""
    image = inputs[0] if isinstance(inputs[0], Tensor) else inputs[0][0]
    image = image.permute(1, 2, 0).clamp(0, 255).to(torch.uint8)
    return np.ascontiguousarray(image.cpu().numpy())


def _people(
    sample: PoseDataSample, field: str, scores: str, skeleton: Skeleton, image: np.ndarray
) -> PoseResult | None:
    """Return the people of a field in input pixels; ``scores`` names the field of their scores."""
    instances = sample.get(field)
    if instances is None or 'keypoints' not in instances:
        return None
    instances, meta = instances.numpy(), sample.metainfo
    keypoints = np.reshape(instances.keypoints[..., :2], (-1, skeleton.num_keypoints, 2))
    keypoints = keypoints - meta['input_center'] + 0.5 * meta['input_scale']
    keypoint_scores = instances[scores]
    if keypoint_scores.ndim == 3:  # some of MMPose's codecs add weights to the visibility
        keypoint_scores = keypoint_scores[..., 0]
    return PoseResult(
        keypoints=keypoints / meta['input_scale'] * meta['input_size'],
        keypoint_scores=keypoint_scores,
        scores=np.reshape(instances.get('bbox_scores', keypoint_scores.mean(axis=1)), -1),
        skeleton=skeleton,
        image_size=image.shape[1::-1],
    )


@torch.no_grad()
def _maps(
    model: nn.Module, data: dict, num_keypoints: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return heatmaps and tags of a batch of one image, or None if the model has none."""
    model = model.module if is_model_wrapper(model) else model
    test_cfg = model.test_cfg
    model.test_cfg = copy.copy(test_cfg)
    model.test_cfg['output_heatmaps'] = True
    try:
        fields = model.test_step(data)[0].get('pred_fields')
    finally:
        model.test_cfg = test_cfg
    if fields is None or 'heatmaps' not in fields:
        return None, None
    fields = fields.numpy()
    return fields.heatmaps[:num_keypoints], fields.get('tags')


def _progress(runner: Runner) -> tuple[str, int]:
    """Return the step of the validation's metrics, which is 0 without training."""
    loop = runner._train_loop  # runner.train_loop would build one
    if not isinstance(loop, BaseLoop):
        return 'epoch', 0
    if isinstance(loop, EpochBasedTrainLoop):
        return 'epoch', loop.epoch
    return 'iteration', loop.iter


def _name(sample: PoseDataSample) -> str:
    """Return the file's stem, followed by ids that make it unique."""
    meta = sample.metainfo
    stem = Path(str(meta.get('img_path', 'image'))).stem
    ids = [meta[key] for key in ('img_id', 'id') if not isinstance(meta.get(key, []), list)]
    return '_'.join([stem, *(str(number) for number in ids if str(number) not in stem)])


def _title(sample: PoseDataSample) -> str:
    name = Path(str(sample.metainfo.get('img_path', 'image'))).name
    return f'{name}, image id {sample.metainfo.get("img_id", "unknown")}'
