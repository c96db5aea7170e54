"""Elastic parts and search spaces: a package or module for each family, found by being here.

Those of a family from elsewhere register with MMPose and subclass
:class:`litepose_mm.nas.search_spaces.SearchSpace`; their module is imported, or is named by an
entry point of the group ``litepose_mm`` of an installed package.
"""

import pkgutil
from importlib import import_module

for _module in pkgutil.iter_modules(__path__):
    import_module(f'{__name__}.{_module.name}')
