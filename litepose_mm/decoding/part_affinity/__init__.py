"""Part affinity fields: from heatmaps and fields of limbs to people."""

from .body import BODIES, Body, Limb, get_body
from .decoder import PartAffinity
from .drawing import draw_fields, draw_heatmaps
from .keypoints import FoundKeypoints, find_keypoints
from .limbs import Connection, connect
from .people import Poses, assemble
from .rules import PartAffinityRules

__all__ = [
    'BODIES',
    'Body',
    'Connection',
    'FoundKeypoints',
    'Limb',
    'PartAffinity',
    'PartAffinityRules',
    'Poses',
    'assemble',
    'connect',
    'draw_fields',
    'draw_heatmaps',
    'find_keypoints',
    'get_body',
]
