"""The codebase that deploy configs name: ``codebase_config = dict(type='litepose_mm', …)``."""

from mmdeploy.codebase.base import CODEBASE, MMCodebase
from mmengine.registry import Registry
from mmpose.utils import register_all_modules

LITEPOSE_TASK = Registry('litepose_mm_tasks')


@CODEBASE.register_module('litepose_mm')
class LitePoseCodebase(MMCodebase):
    """Bottom-up models with a :class:`MultiLevelAEHead`, of any backbone.

    The name is that of the package, since MMDeploy looks for a package of a codebase's name.
    """

    task_registry = LITEPOSE_TASK

    @classmethod
    def register_deploy_modules(cls) -> None:
        """Nothing to do: the import of this package has registered the rewriters."""

    @classmethod
    def register_all_modules(cls) -> None:
        """Registers MMPose's modules and makes its scope the default one."""
        register_all_modules(True)
