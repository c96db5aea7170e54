"""Read weights as data only, recognise them, rename the authors' ones, load and save them."""

from .fitting import check_fit, fit, is_supernet, load_weights, save_weights
from .reading import StateDict, Weights, read_weights
from .recognition import authors_family, recognise
from .starting import load_backbone, pretrained_in

__all__ = [
    'StateDict',
    'Weights',
    'authors_family',
    'check_fit',
    'fit',
    'is_supernet',
    'load_backbone',
    'load_weights',
    'pretrained_in',
    'read_weights',
    'recognise',
    'save_weights',
]
