"""A model that runs in one of MMDeploy's backends, with the interface of MMPose's models."""

from __future__ import annotations

from collections.abc import Sequence

from mmdeploy.codebase.base import BaseBackendModel
from mmdeploy.utils import get_backend, get_codebase_config
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.utils.typing import SampleList
from torch import Tensor

from ...errors import LitePoseError, reason
from ...models import MultiScaleBottomupPoseEstimator
from .options import get_outputs, get_static_shape


class BottomupBackendModel(BaseBackendModel):
    """Runs a backend's wrapper and finds people in its outputs.

    Args:
        backend_files: The exported files.
        model_cfg: Config of the model, whose codec decodes the outputs.
        deploy_cfg: Deploy config of the export.
        device: Device of the backend.
        data_preprocessor: Config of the preprocessor.

    Raises:
        LitePoseError: The backend cannot load the files.
    """

    def __init__(
        self,
        backend_files: Sequence[str],
        model_cfg: Config,
        deploy_cfg: Config,
        device: str,
        data_preprocessor: dict | None = None,
    ):
        super().__init__(deploy_cfg=deploy_cfg, data_preprocessor=data_preprocessor)
        self.outputs = get_outputs(deploy_cfg)
        self.static_shape = get_static_shape(deploy_cfg)
        self.device = device
        own = get_codebase_config(deploy_cfg)
        self.decoder = MODELS.build(model_cfg.model.head).deploy_decoder(
            self.outputs, own.flip_test, model_cfg.model.test_cfg
        )
        backend = get_backend(deploy_cfg)
        try:
            self.wrapper = self._build_wrapper(
                backend=backend,
                backend_files=backend_files,
                device=device,
                input_names=[self.input_name],
                output_names=self.output_names,
                deploy_cfg=deploy_cfg,
            )
        except LitePoseError:
            raise
        except Exception as error:  # every engine has its own exceptions
            raise LitePoseError(
                f'{backend.value} cannot load {", ".join(map(str, backend_files)) or "no file"}: '
                f'{reason(error)}; give the files that the export wrote'
            ) from error

    def forward(self, inputs: Tensor, data_samples: SampleList, mode: str = 'predict'):
        """Find people in normalised images ``(B, 3, H, W)``.

        Returns:
            The samples with ``pred_instances`` in pixels of the original images.

        Raises:
            LitePoseError: The mode is not ``'predict'``, or the model has another input shape.
        """
        if mode != 'predict':
            raise LitePoseError(f"mode: expected 'predict' for an exported model, got {mode!r}")
        if self.static_shape is not None:
            width, height = self.static_shape
            if tuple(inputs.shape) != (1, 3, height, width):
                raise LitePoseError(
                    f'expected an input of shape (1, 3, {height}, {width}), got '
                    f'{tuple(inputs.shape)}; use batch_size=1 and the deploy config of the export'
                )
        outputs = self.wrapper({self.input_name: inputs.contiguous().to(self.device)})
        outputs = [output.cpu().numpy() for output in self.wrapper.output_to_list(outputs)]
        boxes = [sample.metainfo.get('input_box') for sample in data_samples]
        people = self.decoder.decode(outputs, tuple(inputs.shape[2:]), boxes)
        people = [
            InstanceData(
                keypoints=each.keypoints,
                keypoint_scores=each.keypoint_scores,
                bbox_scores=each.scores,
                **({} if each.tags is None else {'tags': each.tags}),
            )
            for each in people
        ]
        # This method uses no attribute of the estimator.
        return MultiScaleBottomupPoseEstimator.add_pred_to_datasample(
            self, people, None, data_samples
        )
