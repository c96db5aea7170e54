"""A local web page that shows people: camera, images and videos in the browser."""

from .app import Limits, create_app

__all__ = ['Limits', 'create_app']
