"""From heatmaps and tag maps to people, in numpy, scipy and munkres only."""

from .bilinear import BilinearMaps
from .borders import hide_borders
from .candidates import check_decodes_candidates, decode_candidates, for_candidates
from .decoder import AssociativeEmbeddingDecoder, DecodedPeople
from .grouping import Candidates, Groups, default_keypoint_order, group_by_tags
from .input_pixels import decode_batch, missing_at_zero, to_input_pixels
from .outputs import decode_outputs
from .peaks import Peaks, find_peaks

__all__ = [
    'AssociativeEmbeddingDecoder',
    'BilinearMaps',
    'Candidates',
    'DecodedPeople',
    'Groups',
    'Peaks',
    'check_decodes_candidates',
    'decode_batch',
    'decode_candidates',
    'decode_outputs',
    'default_keypoint_order',
    'find_peaks',
    'for_candidates',
    'group_by_tags',
    'hide_borders',
    'missing_at_zero',
    'to_input_pixels',
]
