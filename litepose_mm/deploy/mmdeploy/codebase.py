"""The codebase of deploy configs with ``codebase_config = dict(type='litepose_mm', …)``."""

from __future__ import annotations

from mmdeploy.codebase.base import CODEBASE, BaseTask, MMCodebase
from mmdeploy.codebase.mmpose.deploy.pose_detection import PoseDetection
from mmdeploy.utils import get_codebase_config
from mmengine.config import Config
from mmengine.registry import Registry
from mmpose.utils import register_all_modules

from ...errors import LitePoseError

LITEPOSE_TASK = Registry('litepose_mm_tasks')


@CODEBASE.register_module('litepose_mm')
class LitePoseCodebase(MMCodebase):
    """Bottom-up models with a :class:`MultiLevelAEHead`, and MMPose's top-down models.

    It has the package's name, because MMDeploy checks that a package of this name is installed.
    """

    task_registry = LITEPOSE_TASK

    @classmethod
    def build_task_processor(cls, model_cfg: Config, deploy_cfg: Config, device: str) -> BaseTask:
        """Build the task of a model; top-down models use MMDeploy's own task.

        Raises:
            LitePoseError: The deploy config is for another kind of model.
        """
        if model_cfg.model.type == 'TopdownPoseEstimator':
            if 'outputs' in get_codebase_config(deploy_cfg):
                raise LitePoseError(
                    'expected a deploy config for a top-down model, such as pose-detection_td-hm_* '
                    'or pose-detection_simcc_*, got one for bottom-up models'
                )
            return PoseDetection(model_cfg, deploy_cfg, device)
        return super().build_task_processor(model_cfg, deploy_cfg, device)

    @classmethod
    def register_deploy_modules(cls) -> None:
        """Do nothing, since importing this package has registered the rewriters."""

    @classmethod
    def register_all_modules(cls) -> None:
        """Register MMPose's modules and make its scope the default one."""
        register_all_modules(True)
