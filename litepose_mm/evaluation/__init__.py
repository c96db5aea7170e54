"""Measures (``functional``, numpy only) and the metrics of MMPose's evaluators (``metrics``)."""
