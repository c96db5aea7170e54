"""What is wrong with an annotation file in COCO's form, and mending what is mechanical.

``tools/misc/check_annotations.py`` is the command; ``tools/train.py`` asks :func:`explain` when a
data set cannot be made.
"""

from .document import check, read_annotations
from .expectations import explain, keypoint_names
from .mending import fix
from .problem import Problem

__all__ = ['Problem', 'check', 'explain', 'fix', 'keypoint_names', 'read_annotations']
