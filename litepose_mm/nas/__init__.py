"""Once-for-all: a supernet of elastic layers, its search space, and the networks in it."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from .calibration import calibrate
from .channel_order import sort_channels
from .elastic_layers import ElasticBatchNorm2d, ElasticConv2d, ElasticConvTranspose2d
from .evaluator import SubnetEvaluator
from .evolution import Constraint, Evolution, EvolutionSettings
from .extraction import copy_subnet, save_subnet
from .latency_table import LatencyTable, layers_of_space
from .narrowing import narrow
from .network_layers import architecture_complexity
from .network_timing import NetworkTimer
from .networks import ElasticFusionDeconvHead, ElasticLitePose
from .plain_config import plain_config, plain_model
from .resolution import at_resolution
from .supernet import (
    DistilledSupernetBottomupPoseEstimator,
    SupernetBottomupPoseEstimator,
    default_device,
    load_supernet,
    read_supernet_config,
)

__all__ = [
    'Constraint',
    'DistilledSupernetBottomupPoseEstimator',
    'ElasticBatchNorm2d',
    'ElasticConv2d',
    'ElasticConvTranspose2d',
    'ElasticFusionDeconvHead',
    'ElasticLitePose',
    'Evolution',
    'EvolutionSettings',
    'LatencyTable',
    'NetworkTimer',
    'SubnetEvaluator',
    'SupernetBottomupPoseEstimator',
    'architecture_complexity',
    'at_resolution',
    'calibrate',
    'copy_subnet',
    'default_device',
    'layers_of_space',
    'load_supernet',
    'narrow',
    'plain_config',
    'plain_model',
    'read_supernet_config',
    'save_subnet',
    'sort_channels',
]
