"""Annotation files in COCO's form: reading them, what is wrong with them, and mending.

:func:`read_people` is the one reader of training, evaluation, verification and the converters.
``tools/misc/check_annotations.py`` is the command for :class:`Check`; tools that make a data set do
so in :func:`explained`.
"""

from .check import Check
from .crowding import crowd_index
from .document import read_annotations, read_people, read_text
from .expectations import explain, explained, is_crowdpose, keypoint_names
from .keypoints import arrange, match_keypoints
from .people import normalise
from .problem import Problem

__all__ = [
    'Check',
    'Problem',
    'arrange',
    'crowd_index',
    'explain',
    'explained',
    'is_crowdpose',
    'keypoint_names',
    'match_keypoints',
    'normalise',
    'read_annotations',
    'read_people',
    'read_text',
]
