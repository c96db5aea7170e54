"""From heatmaps and tag maps to people, in numpy, scipy and munkres only."""

from .bilinear import BilinearMaps
from .decoder import AssociativeEmbeddingDecoder, DecodedPeople
from .grouping import Candidates, Groups, default_keypoint_order, group_by_tags
from .peaks import Peaks, find_peaks

__all__ = [
    'AssociativeEmbeddingDecoder',
    'BilinearMaps',
    'Candidates',
    'DecodedPeople',
    'Groups',
    'Peaks',
    'default_keypoint_order',
    'find_peaks',
    'group_by_tags',
]
