"""Read weights as data only, recognise them, rename the authors' ones, load and save them."""

from .fitting import check_fit, fit, is_supernet, load_weights, save_weights
from .reading import StateDict, Weights, read_weights
from .recognition import authors_family, recognise

__all__ = [
    'StateDict',
    'Weights',
    'authors_family',
    'check_fit',
    'fit',
    'is_supernet',
    'load_weights',
    'read_weights',
    'recognise',
    'save_weights',
]
