"""What is wrong with an annotation file in COCO's form, and mending what is mechanical.

``tools/misc/check_annotations.py`` is the command; tools that make a data set do so in
:func:`explained`.
"""

from .document import check, names_in, read_annotations, read_usable
from .expectations import explain, explained, is_crowdpose, keypoint_names
from .mending import fix
from .problem import Problem

__all__ = [
    'Problem',
    'check',
    'explain',
    'explained',
    'fix',
    'is_crowdpose',
    'keypoint_names',
    'names_in',
    'read_annotations',
    'read_usable',
]
