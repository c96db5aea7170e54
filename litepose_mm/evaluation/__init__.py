from .. import compat

compat.apply()  # before anything of MMPose is imported

from .metrics import SampleTruthCocoMetric

__all__ = ['SampleTruthCocoMetric']
