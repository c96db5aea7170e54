"""People whom a trained model finds, as annotations to train another one on.

``tools/dataset_converters/label_people.py`` is the command.
"""

from .annotated import AnnotatedPeople
from .calibration import Calibration
from .document import make_document
from .kept_results import KeptResults

__all__ = ['AnnotatedPeople', 'Calibration', 'KeptResults', 'make_document']
