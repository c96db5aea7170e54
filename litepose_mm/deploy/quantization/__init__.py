"""Int8 by post-training quantisation with the engines' own quantisers (inference/quantizers)."""

from .accuracy import AccuracyGoal

__all__ = ['AccuracyGoal']
