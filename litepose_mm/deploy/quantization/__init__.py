"""Int8 by post-training quantisation with the engines' own quantisers.

One module a quantiser, with a function ``quantize(graph, inputs, goal)``.
"""

from .accuracy import AccuracyGoal

__all__ = ['AccuracyGoal']
