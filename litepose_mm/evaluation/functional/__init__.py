"""Functions that measure accuracy, without torch and MMPose."""
