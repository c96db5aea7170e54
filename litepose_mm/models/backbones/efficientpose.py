"""EfficientPose's backbone: a chain of MobileNetV2 blocks, each with its kernel and expansion.

Paper: Zhang et al., "EfficientPose: Efficient Human Pose Estimation with Neural Architecture
Search", arXiv 2012.07086, section 3.2 and table 1.
"""

from __future__ import annotations

from mmpose.registry import MODELS

from ...families.efficientpose import get_architecture
from .litepose import LitePose


@MODELS.register_module()
class EfficientPose(LitePose):
    """The EfficientPose backbone, whose stem and blocks are those of LitePose.

    Args:
        arch: Name of an architecture (``'efficientpose-small-k3e6'``, see
            :data:`litepose_mm.families.efficientpose.ARCHITECTURES`), the path of a JSON file, or
            plain values.
        out_indices: Indices of the features to return: 0 is the stem (stride 2), ``i`` is stage
            ``i``. None returns the deepest one, which the head reads.
        kwargs: Other arguments of :class:`LitePose`.

    Raises:
        LitePoseError: The architecture is unknown or impossible.
        ValueError: An index in ``out_indices`` does not exist.
    """

    read_arch = staticmethod(get_architecture)

    def __init__(self, arch, out_indices=None, **kwargs):
        if out_indices is None:
            out_indices = (len(get_architecture(arch).stages),)
        super().__init__(arch, out_indices=out_indices, **kwargs)
