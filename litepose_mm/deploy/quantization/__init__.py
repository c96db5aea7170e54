"""Post-training quantisation to int8 with the quantisers of the engines (inference/quantizers)."""

from .accuracy import AccuracyGoal

__all__ = ['AccuracyGoal']
