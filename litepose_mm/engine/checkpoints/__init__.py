from .atomic_file_backend import AtomicFileBackend
from .loading_schemes import load_from_file_as_data, load_from_safetensors

__all__ = ['AtomicFileBackend', 'load_from_file_as_data', 'load_from_safetensors']
