from .synthetic_people_dataset import SyntheticPeopleDataset

__all__ = ['SyntheticPeopleDataset']
