from .architecture_sampling_hook import ArchitectureSamplingHook
from .bad_sample_hook import BadSampleError, BadSampleHook
from .channels_last_hook import ChannelsLastHook
from .checkpoint_hook import SafeCheckpointHook
from .differentiable_search_hook import DifferentiableSearchHook
from .non_finite_loss_hook import NonFiniteLossError, NonFiniteLossHook
from .pipeline_switch_hook import PipelineSwitchHook
from .pose_images_hook import PoseImagesHook
from .reproducible_epochs_hook import ReproducibleEpochsHook
from .sort_channels_hook import SortChannelsHook
from .subnet_validation_hook import SubnetValidationHook

__all__ = [
    'ArchitectureSamplingHook',
    'BadSampleError',
    'BadSampleHook',
    'ChannelsLastHook',
    'DifferentiableSearchHook',
    'NonFiniteLossError',
    'NonFiniteLossHook',
    'PipelineSwitchHook',
    'PoseImagesHook',
    'ReproducibleEpochsHook',
    'SafeCheckpointHook',
    'SortChannelsHook',
    'SubnetValidationHook',
]
