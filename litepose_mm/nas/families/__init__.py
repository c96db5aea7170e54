"""Elastic parts and search spaces; every module or package in this folder is one family's.

A family outside this package registers its parts with MMPose and subclasses
:class:`litepose_mm.nas.search_spaces.SearchSpace`. Import its module, or name it in an entry point
of the group ``litepose_mm`` of an installed package.
"""

import pkgutil
from importlib import import_module

for _module in pkgutil.iter_modules(__path__):
    import_module(f'{__name__}.{_module.name}')
