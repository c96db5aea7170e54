from .atomic_file_backend import AtomicFileBackend
from .loading_schemes import load_as_data, load_from_safetensors

__all__ = ['AtomicFileBackend', 'load_as_data', 'load_from_safetensors']
