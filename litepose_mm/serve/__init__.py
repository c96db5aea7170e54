"""A local web page that finds people on the browser's camera, images and videos."""

from .app import Limits, create_app

__all__ = ['Limits', 'create_app']
