from .multilevel_pose_visualizer import MultiLevelPoseVisualizer
from .optional_tensorboard import OptionalTensorboardVisBackend

__all__ = ['MultiLevelPoseVisualizer', 'OptionalTensorboardVisBackend']
