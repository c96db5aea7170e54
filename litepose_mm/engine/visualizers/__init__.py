from .multilevel_pose_visualizer import MultiLevelPoseVisualizer

__all__ = ['MultiLevelPoseVisualizer']
