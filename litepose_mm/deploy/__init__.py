"""Export of networks for other engines; importing this package needs torch and MMPose."""

import litepose_mm.modules  # noqa: F401  comes first: it makes MMPose importable

from ..models.utils.deploy_form import to_deploy_form
from .exporter import export_model
from .onnx_export import export_onnx

__all__ = ['export_model', 'export_onnx', 'to_deploy_form']
