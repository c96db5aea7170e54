"""MMDeploy's task for bottom-up pose estimation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import mmcv
import numpy as np
import torch
from mmdeploy.codebase.mmpose.deploy.pose_detection import PoseDetection
from mmdeploy.utils import Task, get_codebase_config
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import TRANSFORMS
from mmpose.apis.inference import dataset_meta_from_config

from ...apis.mmpose_estimator import result_from_data_sample
from ...checkpoints import load_weights
from ...errors import LitePoseError
from ...models.pose_estimators import MultiScaleBottomupPoseEstimator
from ...models.utils.deploy_form import to_deploy_form
from ...models.utils.deploy_graph import deploy_decoder
from ...structures import Skeleton
from .backend_model import BottomupBackendModel
from .codebase import LITEPOSE_TASK
from .options import check_outputs, get_outputs, get_precision, get_static_shape
from .resize import with_one_shape

#: Error message for everything that only the SDK needs.
NO_SDK = (
    "MMDeploy's SDK does not support bottom-up pose estimation: remove --dump-info; to run a model "
    'without torch, use `litepose export` and litepose_mm.runtime'
)


@LITEPOSE_TASK.register_module(Task.POSE_DETECTION.value)
class BottomupPoseDetection(PoseDetection):
    """MMDeploy's task for pose estimation, without its assumption of one person per image.

    Args:
        model_cfg: Config of a model, whose flip test is replaced by that of the deploy config.
        deploy_cfg: Deploy config.
        device: Device of the model.

    Raises:
        LitePoseError: The configs do not fit each other, or the backend does not support them.
    """

    def __init__(self, model_cfg: Config, deploy_cfg: Config, device: str):
        own = get_codebase_config(deploy_cfg)
        test_cfg = model_cfg.model.setdefault('test_cfg', {})
        if own.get('flip_test') is None:
            own['flip_test'] = bool(test_cfg.get('flip_test', False))
        flip_test = own['flip_test']
        if test_cfg.get('multiscale_test'):
            raise LitePoseError(
                'expected a test with one scale, got a multi-scale test; set '
                'model.test_cfg.multiscale_test to False and remove aug_scales from the test '
                'pipeline'
            )
        get_outputs(deploy_cfg)
        get_precision(deploy_cfg)
        self.static_shape = get_static_shape(deploy_cfg)
        self._pipeline(model_cfg.test_dataloader.dataset)  # raises if the shape does not fit
        super().__init__(model_cfg, deploy_cfg, device)
        test_cfg['flip_test'] = flip_test
        self.metainfo = dataset_meta_from_config(model_cfg, 'test')

    def build_pytorch_model(
        self, model_checkpoint: str | None = None, cfg_options: dict | None = None, **kwargs: Any
    ) -> torch.nn.Module:
        """Build the model in its deploy form; results differ by float32 rounding only.

        Raises:
            LitePoseError: The codebase does not support the model, or the weights do not fit.
        """
        model = super().build_pytorch_model(None, cfg_options, **kwargs)
        if not isinstance(model, MultiScaleBottomupPoseEstimator):
            raise LitePoseError(
                'model.type: expected MultiScaleBottomupPoseEstimator or TopdownPoseEstimator, got '
                f'{type(model).__name__}'
            )
        # These raise if the codec or the deploy config does not fit.
        check_outputs(self.deploy_cfg, deploy_decoder(model, get_outputs(self.deploy_cfg)))
        if model_checkpoint is not None:
            load_weights(model, model_checkpoint)
        return to_deploy_form(model)

    def build_backend_model(
        self,
        model_files: Sequence[str] | None = None,
        data_preprocessor_updater: Callable | None = None,
        **kwargs: Any,
    ) -> torch.nn.Module:
        """Build the exported model, which predicts like the torch model."""
        data_preprocessor = self.model_cfg.model.data_preprocessor
        if data_preprocessor_updater is not None:
            data_preprocessor = data_preprocessor_updater(data_preprocessor)
        model = BottomupBackendModel(
            model_files, self.model_cfg, self.deploy_cfg, self.device, data_preprocessor
        )
        return model.eval().to(self.device)

    def create_input(
        self,
        imgs: str | np.ndarray | Sequence[str | np.ndarray],
        input_shape: Sequence[int] | None = None,
        data_preprocessor: torch.nn.Module | None = None,
        **kwargs: Any,
    ) -> tuple[dict, Any]:
        """Make a batch of images.

        Args:
            imgs: One or several images, as files or BGR arrays.
            input_shape: Width and height of the input. None uses the shape of the deploy config,
                or the resizing of the model config if there is none.
            data_preprocessor: Preprocessor that normalises the images, if given.

        Returns:
            The batch, and its inputs.
        """
        imgs = [imgs] if isinstance(imgs, (str, np.ndarray)) else imgs
        pipeline = self._pipeline(self.model_cfg.test_dataloader.dataset, input_shape)
        transform = Compose([TRANSFORMS.build(step) for step in pipeline])
        batch = pseudo_collate(
            [
                transform(
                    {
                        **self.metainfo,
                        'img': mmcv.imread(img),
                        'img_path': img if isinstance(img, str) else '',
                    }
                )
                for img in imgs
            ]
        )
        if data_preprocessor is not None:
            batch = data_preprocessor(batch, False)
        return batch, batch['inputs']

    def _pipeline(self, dataset: Config, size: Sequence[int] | None = None) -> list[dict]:
        size = size or self.static_shape
        return dataset.pipeline if size is None else with_one_shape(dataset.pipeline, size)

    def build_dataset(self, dataset_cfg: Config, *args: Any, **kwargs: Any):
        """Build a data set whose images have the model's input shape, if it has one."""
        dataset_cfg = deepcopy(dataset_cfg)
        dataset_cfg.pipeline = self._pipeline(dataset_cfg)
        return super().build_dataset(dataset_cfg, *args, **kwargs)

    def build_test_runner(
        self,
        model: torch.nn.Module,
        work_dir: str,
        log_file: str | None = None,
        show: bool = False,
        show_dir: str | None = None,
        wait_time: float = 0,
        interval: int = 1,
        dataloader: Any = None,
    ):
        """Build MMDeploy's runner with MMPose's hook that draws images."""
        # The hook of our configs also draws maps, for which it needs the torch model.
        self.model_cfg.default_hooks.visualization = dict(
            type='PoseVisualizationHook',
            enable=bool(show or show_dir),
            show=show,
            out_dir=show_dir,
            wait_time=wait_time,
            interval=interval,
        )
        return super().build_test_runner(model, work_dir, log_file, dataloader=dataloader)

    def visualize(
        self,
        image: str | np.ndarray,
        result: Any,
        output_file: str,
        window_name: str = '',
        show_result: bool = False,
        **kwargs: Any,
    ) -> None:
        """Draw the people of a data sample on its image."""
        people = result_from_data_sample(result, Skeleton.from_metainfo(self.metainfo))
        drawing = people.draw(mmcv.imread(image))
        if output_file:
            mmcv.imwrite(drawing, output_file)
        if show_result:
            mmcv.imshow(drawing, window_name)

    def get_preprocess(self, *args: Any, **kwargs: Any) -> dict:
        """Raise an error, because this is for the SDK."""
        raise LitePoseError(NO_SDK)

    get_postprocess = get_preprocess
