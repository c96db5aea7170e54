"""Search: by evolution in supernets of elastic layers, and by gradient in those of mixed blocks."""

from .. import compat

compat.apply()  # before anything of MMPose is imported

from . import differentiable, families
from .calibration import calibrate
from .channel_order import ChannelGroup, sort_channels
from .costs import NetworkCosts
from .elastic_layers import ElasticBatchNorm2d, ElasticConv2d, ElasticConvTranspose2d
from .evaluator import SubnetEvaluator
from .evolution import Constraint, Evolution, EvolutionSettings
from .extraction import copy_subnet, save_subnet
from .latency import LatencyPredictor, NetworkTimer
from .resolution import resize_batch
from .search_spaces import Gene, SearchSpace, get_search_space, search_spaces
from .subnet_config import subnet_config, subnet_model
from .supernet import (
    DistilledSupernetBottomupPoseEstimator,
    ElasticEstimator,
    SupernetBottomupPoseEstimator,
    SupernetTopdownPoseEstimator,
    default_device,
    load_supernet,
    read_supernet_config,
)
from .width_spaces import WidthSearchSpace

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
    'SupernetTopdownPoseEstimator',
    'WidthSearchSpace',
    'resize_batch',
    'calibrate',
    'copy_subnet',
    'default_device',
    'differentiable',
    'families',
    'get_search_space',
    'load_supernet',
    'subnet_config',
    'subnet_model',
    'read_supernet_config',
    'save_subnet',
    'search_spaces',
    'sort_channels',
]
