"""Once-for-all: a supernet of elastic layers, its search space, and the networks in it."""

from .calibration import calibrate
from .channel_order import sort_channels
from .extraction import copy_subnet
from .layers import ElasticBatchNorm2d, ElasticConv2d, ElasticConvTranspose2d
from .networks import ElasticFusionDeconvHead, ElasticLitePose
from .resolution import at_resolution
from .supernet import SupernetBottomupPoseEstimator

__all__ = [
    'ElasticBatchNorm2d',
    'ElasticConv2d',
    'ElasticConvTranspose2d',
    'ElasticFusionDeconvHead',
    'ElasticLitePose',
    'SupernetBottomupPoseEstimator',
    'at_resolution',
    'calibrate',
    'copy_subnet',
    'sort_channels',
]
