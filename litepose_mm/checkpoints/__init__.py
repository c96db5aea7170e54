"""Weights: read as data only, recognised, renamed from the authors' code, loaded and saved."""

from .authors import from_authors, is_authors, is_authors_supernet
from .fitting import check_fit, fit, load_weights, save_weights
from .reading import StateDict, Weights, read_weights
from .recognition import Recognised, recognise

__all__ = [
    'Recognised',
    'StateDict',
    'Weights',
    'check_fit',
    'fit',
    'from_authors',
    'is_authors',
    'is_authors_supernet',
    'load_weights',
    'read_weights',
    'recognise',
    'save_weights',
]
