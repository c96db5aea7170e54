from . import safetensors_scheme, whole_files
from .bad_sample_hook import BadSampleError, BadSampleHook
from .checkpoint_hook import SafeCheckpointHook
from .non_finite_loss_hook import NonFiniteLossError, NonFiniteLossHook
from .reproducible_epochs_hook import ReproducibleEpochsHook

__all__ = [
    'BadSampleError',
    'BadSampleHook',
    'NonFiniteLossError',
    'NonFiniteLossHook',
    'ReproducibleEpochsHook',
    'SafeCheckpointHook',
    'safetensors_scheme',
    'whole_files',
]
