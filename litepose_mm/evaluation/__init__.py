from .metrics import CheckedCocoMetric, SampleTruthCocoMetric

__all__ = ['CheckedCocoMetric', 'SampleTruthCocoMetric']
