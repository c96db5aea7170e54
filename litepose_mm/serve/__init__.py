"""A local web page that shows people: camera, pictures and videos in the browser."""

from .app import LOOPBACK, Limits, create_app

__all__ = ['LOOPBACK', 'Limits', 'create_app']
