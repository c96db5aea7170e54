from .. import compat

compat.apply()  # before anything of MMPose is imported

from .metrics import CheckedCocoMetric, SampleTruthCocoMetric

__all__ = ['CheckedCocoMetric', 'SampleTruthCocoMetric']
