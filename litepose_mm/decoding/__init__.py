"""Decode the outputs of networks into people, with numpy only, or compiled."""

from .associative_embedding import AssociativeEmbedding, AssociativeEmbeddingCandidates
from .base import BROKEN_OUTPUTS, DecodedPeople, Decoder, Panel
from .bilinear import BilinearMaps
from .borders import hide_borders
from .candidates import check_decodes_candidates, decode_candidates, for_candidates
from .decoder import AssociativeEmbeddingDecoder
from .grouping import Candidates, Groups, default_keypoint_order, group_by_tags
from .input_pixels import decode_batch, missing_at_zero, to_input_pixels
from .part_affinity import PartAffinity, PartAffinityRules
from .peaks import Peaks, find_peaks
from .simcc import SimCC
from .single_person import SinglePerson

__all__ = [
    'BROKEN_OUTPUTS',
    'AssociativeEmbedding',
    'AssociativeEmbeddingCandidates',
    'AssociativeEmbeddingDecoder',
    'BilinearMaps',
    'Candidates',
    'DecodedPeople',
    'Decoder',
    'Groups',
    'Panel',
    'PartAffinity',
    'PartAffinityRules',
    'Peaks',
    'SimCC',
    'SinglePerson',
    'check_decodes_candidates',
    'decode_batch',
    'decode_candidates',
    'default_keypoint_order',
    'find_peaks',
    'for_candidates',
    'group_by_tags',
    'hide_borders',
    'missing_at_zero',
    'to_input_pixels',
]
