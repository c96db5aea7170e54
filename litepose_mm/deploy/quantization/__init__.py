"""Int8 by post-training quantisation: ranges from pictures, sensitive layers left in float32.

One module a quantiser; a new one is a module with a subclass of :class:`Quantizer`.
"""

from .accuracy import AccuracyGoal

__all__ = ['AccuracyGoal']
