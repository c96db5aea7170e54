from .multi_scale_data_preprocessor import MultiScaleDataPreprocessor
from .random_mosaic import RandomMosaic

__all__ = ['MultiScaleDataPreprocessor', 'RandomMosaic']
