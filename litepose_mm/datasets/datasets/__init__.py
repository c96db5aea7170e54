from .checked_datasets import CheckedCocoDataset, CheckedCrowdPoseDataset
from .synthetic_people_dataset import SyntheticPeopleDataset

__all__ = ['CheckedCocoDataset', 'CheckedCrowdPoseDataset', 'SyntheticPeopleDataset']
