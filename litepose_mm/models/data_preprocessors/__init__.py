from .multi_scale_data_preprocessor import MultiScaleDataPreprocessor

__all__ = ['MultiScaleDataPreprocessor']
