"""Registers every component of the package with MMPose.

In a config: ``custom_imports = dict(imports=['litepose_mm.modules'])``.
"""

# The work-arounds must be in place before anything of MMPose is imported.
from . import compat

compat.apply()

from . import codecs, datasets, engine, models, nas
from .evaluation import metrics

__all__ = ['codecs', 'compat', 'datasets', 'engine', 'metrics', 'models', 'nas']
