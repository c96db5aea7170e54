"""The data set of these people."""

import litepose_mm.modules  # noqa: F401

# isort: split
from mmpose.registry import DATASETS

from litepose_mm.datasets.datasets import SyntheticPeopleDataset

from .scene import make_scene


@DATASETS.register_module()
class ClothedPeopleDataset(SyntheticPeopleDataset):
    """A :class:`SyntheticPeopleDataset` with the people of this project."""

    make_scene = staticmethod(make_scene)
