"""Functions that measure accuracy (``functional``), and MMPose's metrics (``metrics``)."""
