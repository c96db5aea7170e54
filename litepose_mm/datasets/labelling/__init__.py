"""Make annotations from the people that a trained model finds, to train another model on them.

The command is ``tools/dataset_converters/label_people.py``.
"""

from .annotated import AnnotatedPeople
from .calibration import Calibration
from .document import make_document
from .kept_results import KeptResults

__all__ = ['AnnotatedPeople', 'Calibration', 'KeptResults', 'make_document']
