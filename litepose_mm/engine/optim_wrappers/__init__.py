from .alternating_optim_wrapper import AlternatingOptimWrapper, AlternatingOptimWrapperConstructor
from .cpu_amp_optim_wrapper import CPUAmpOptimWrapper

__all__ = ['AlternatingOptimWrapper', 'AlternatingOptimWrapperConstructor', 'CPUAmpOptimWrapper']
