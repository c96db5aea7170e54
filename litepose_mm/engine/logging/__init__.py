from .readable_log_processor import ReadableLogProcessor

__all__ = ['ReadableLogProcessor']
