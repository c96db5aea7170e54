from .metrics import SampleTruthCocoMetric

__all__ = ['SampleTruthCocoMetric']
