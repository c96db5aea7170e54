"""Bottom-up pose estimation as a task of MMDeploy."""

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
from .options import get_outputs, get_precision, get_static_shape
from .resize import with_one_shape

#: Why nothing of the SDK works.
NO_SDK = (
    "MMDeploy's SDK has no bottom-up pose estimation: leave --dump-info out, and run the model "
    'without torch through litepose_mm.runtime (litepose export)'
)


@LITEPOSE_TASK.register_module(Task.POSE_DETECTION.value)
class BottomupPoseDetection(PoseDetection):
    """MMDeploy's task for pose estimation, without its assumption of one person an image.

    Args:
        model_cfg: Config of a model; its flip test becomes that of the deploy config.
        deploy_cfg: Deploy config.
        device: Device of the model.

    Raises:
        LitePoseError: The configs do not go together, or ask for what the backend cannot do.
    """

    def __init__(self, model_cfg: Config, deploy_cfg: Config, device: str):
        own = get_codebase_config(deploy_cfg)
        test_cfg = model_cfg.model.setdefault('test_cfg', {})
        if own.get('flip_test') is None:
            own['flip_test'] = bool(test_cfg.get('flip_test', False))
        flip_test = own['flip_test']
        if test_cfg.get('multiscale_test'):
            raise LitePoseError(
                'a graph has one scale: set model.test_cfg.multiscale_test to False and leave '
                'aug_scales out of the test pipeline'
            )
        get_outputs(deploy_cfg)
        get_precision(deploy_cfg)
        self.static_shape = get_static_shape(deploy_cfg)
        self._pipeline(model_cfg.test_dataloader.dataset)  # refuses a shape that does not fit
        super().__init__(model_cfg, deploy_cfg, device)
        test_cfg['flip_test'] = flip_test
        self.metainfo = dataset_meta_from_config(model_cfg, 'test')

    def build_pytorch_model(
        self, model_checkpoint: str | None = None, cfg_options: dict | None = None, **kwargs: Any
    ) -> torch.nn.Module:
        """The model in its deploy form, whose results are the model's to float32 rounding.

        Raises:
            LitePoseError: The model is not one that this codebase knows, or weights do not fit.
        """
        model = super().build_pytorch_model(None, cfg_options, **kwargs)
        if not isinstance(model, MultiScaleBottomupPoseEstimator):
            raise LitePoseError(
                'expected the config of a MultiScaleBottomupPoseEstimator '
                f'or a TopdownPoseEstimator, got {type(model).__name__}'
            )
        deploy_decoder(model, get_outputs(self.deploy_cfg))  # refuses rules that need maps
        if model_checkpoint is not None:
            load_weights(model, model_checkpoint)
        return to_deploy_form(model)

    def build_backend_model(
        self,
        model_files: Sequence[str] | None = None,
        data_preprocessor_updater: Callable | None = None,
        **kwargs: Any,
    ) -> torch.nn.Module:
        """The exported model, which predicts as the torch model does."""
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
        """A batch of images, files or arrays in BGR.

        Args:
            imgs: One image or several.
            input_shape: Width and height of the input; by default that of the deploy config, or
                as the model config resizes.
            data_preprocessor: Normalises them, if given.

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
        """A data set whose images have the model's input shape, if it has one."""
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
        """MMDeploy's runner, with the options of MMPose's hook that draws images."""
        # The hook of our configs also draws maps, which it asks the torch model for.
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
        """Draws the people of a data sample on its image and writes it."""
        people = result_from_data_sample(result, Skeleton.from_metainfo(self.metainfo))
        drawing = people.draw(mmcv.imread(image))
        if output_file:
            mmcv.imwrite(drawing, output_file)
        if show_result:
            mmcv.imshow(drawing, window_name)

    def get_preprocess(self, *args: Any, **kwargs: Any) -> dict:
        """Refuses: this is for the SDK."""
        raise LitePoseError(NO_SDK)

    def get_postprocess(self, *args: Any, **kwargs: Any) -> dict:
        """Refuses: this is for the SDK."""
        raise LitePoseError(NO_SDK)
