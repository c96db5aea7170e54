"""Read, check and fix annotation files in COCO's format.

Training, evaluation, verification and the converters all read files through :func:`read_people`.
``tools/misc/check_annotations.py`` is the command-line tool for :class:`Check`. Tools that build
data sets do so inside :func:`explained`.
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
