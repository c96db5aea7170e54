"""Search by gradient: mixed blocks, costs of operations, and the networks that they lead to.

Zhang et al., "EfficientPose", arXiv 2012.07086, sections 3.1 and 3.2.
"""

from .derivation import derive, draw
from .estimators import (
    DifferentiableBottomupPoseEstimator,
    DifferentiableEstimator,
    DifferentiableTopdownPoseEstimator,
)
from .extraction import copy_derived
from .mixed_backbones import MixedEfficientPose, MixedLitePose
from .mixed_block import MixedBlock
from .operation_costs import OperationCosts
from .remapping import remap_block, remap_chain

__all__ = [
    'DifferentiableBottomupPoseEstimator',
    'DifferentiableEstimator',
    'DifferentiableTopdownPoseEstimator',
    'MixedBlock',
    'MixedEfficientPose',
    'MixedLitePose',
    'OperationCosts',
    'copy_derived',
    'derive',
    'draw',
    'remap_block',
    'remap_chain',
]
