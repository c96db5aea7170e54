"""Functions that replace others while MMDeploy traces a model.

MMDeploy expects rewriters to be module-level functions that look up their context themselves.
"""

from importlib import import_module
from importlib.util import find_spec

from mmdeploy.core import FUNCTION_REWRITER
from mmdeploy.utils import get_codebase_config

from ...compat import StandIn, in_place
from ...models.utils.deploy_graph import DeployGraph, deploy_decoder
from .options import get_outputs

_MMDET = 'mmdeploy.codebase.mmdet'


def import_mmpose_rewriters() -> None:
    """Import MMDeploy's rewriters of MMPose's heads, two of which need mmdet when called."""
    use = 'mmdet is not installed: pip install "mmdet>=3.0.0,<3.4.0"'
    stand_ins = [StandIn(_MMDET, use, ('get_post_processing_params',))] * (not find_spec('mmdet'))
    with in_place(*stand_ins):
        import_module('mmdeploy.codebase.mmpose.models')


import_mmpose_rewriters()


@FUNCTION_REWRITER.register_rewriter('torch.onnx.export')
def onnx_export__torchscript(*args, **kwargs):
    """Use the tracing exporter, torch's default until 2.8, for which MMDeploy is written."""
    ctx = FUNCTION_REWRITER.get_context()
    kwargs.setdefault('dynamo', False)
    return ctx.origin_func(*args, **kwargs)


@FUNCTION_REWRITER.register_rewriter(
    'litepose_mm.models.pose_estimators.multi_scale_bottomup.'
    'MultiScaleBottomupPoseEstimator.forward'
)
def multi_scale_bottomup_pose_estimator__forward(self, inputs, data_samples=None, **kwargs):
    """Run the deployable graph, with the options of the deploy config."""
    deploy_cfg = FUNCTION_REWRITER.get_context().cfg
    flip_test = get_codebase_config(deploy_cfg).flip_test
    decoder = deploy_decoder(self, get_outputs(deploy_cfg), flip_test)
    flip_indices = data_samples[0].metainfo.get('flip_indices')
    return DeployGraph(self, decoder, flip_test, flip_indices)(inputs)
