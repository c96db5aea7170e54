from .sample_truth_coco_metric import SampleTruthCocoMetric

__all__ = ['SampleTruthCocoMetric']
