"""Once-for-all: a supernet of elastic layers, its search space, and the networks in it."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from . import families
from .calibration import calibrate
from .channel_order import ChannelGroup, sort_channels
from .costs import NetworkCosts
from .elastic_layers import ElasticBatchNorm2d, ElasticConv2d, ElasticConvTranspose2d
from .evaluator import SubnetEvaluator
from .evolution import Constraint, Evolution, EvolutionSettings
from .extraction import copy_subnet, save_subnet
from .latency import LatencyPredictor, NetworkTimer
from .plain_config import plain_config, plain_model
from .resolution import at_resolution
from .search_spaces import Gene, SearchSpace, get_search_space, search_spaces
from .supernet import (
    DistilledSupernetBottomupPoseEstimator,
    ElasticEstimator,
    SupernetBottomupPoseEstimator,
    default_device,
    load_supernet,
    read_supernet_config,
)

__all__ = [
    'ChannelGroup',
    'Constraint',
    'DistilledSupernetBottomupPoseEstimator',
    'ElasticBatchNorm2d',
    'ElasticConv2d',
    'ElasticConvTranspose2d',
    'ElasticEstimator',
    'Evolution',
    'EvolutionSettings',
    'Gene',
    'LatencyPredictor',
    'NetworkCosts',
    'NetworkTimer',
    'SearchSpace',
    'SubnetEvaluator',
    'SupernetBottomupPoseEstimator',
    'at_resolution',
    'calibrate',
    'copy_subnet',
    'default_device',
    'families',
    'get_search_space',
    'load_supernet',
    'plain_config',
    'plain_model',
    'read_supernet_config',
    'save_subnet',
    'search_spaces',
    'sort_channels',
]
