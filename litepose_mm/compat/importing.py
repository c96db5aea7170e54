"""Imports that may fail, and stand-ins for modules that are missing."""

import importlib
import sys
import warnings
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

from ..errors import LitePoseError
from .notices import ignore_notices

#: How to get what MMPose and this package need beside the OpenMMLab packages.
DEPENDENCIES = 'pip install "litepose_mm[mmpose]"'


class StandIn(ModuleType):
    """A module in place of one that is missing; ``use`` says what to install.

    Args:
        name: the name of the module.
        use: one line, raised as :class:`LitePoseError` when something of it is called.
        callables: the names that exist; None for any name.
    """

    def __init__(self, name: str, use: str, callables: tuple[str, ...] | None = ()):
        super().__init__(name, doc=f'Stand-in for {name}: {use}')
        self.__spec__ = ModuleSpec(name, loader=None)  # find_loader() of it is None: not installed
        self._use = use
        self._callables = callables

    def __getattr__(self, name: str):
        dunder = name.startswith('__')
        if dunder or (self._callables is not None and name not in self._callables):
            raise AttributeError(f'{self.__name__}.{name}: {self._use}')
        message = f'{self.__name__}.{name} was called; {self._use}'

        def missing(*args, **kwargs):
            raise LitePoseError(message)

        missing.__name__ = missing.__qualname__ = name
        return missing


@contextmanager
def in_place(*modules: ModuleType):
    """``modules`` in ``sys.modules`` for the time of the block, and what was there before after."""
    names = [module.__name__ for module in modules]
    before = {name: sys.modules[name] for name in names if name in sys.modules}
    sys.modules.update({module.__name__: module for module in modules})
    try:
        yield
    finally:
        for name in names:
            sys.modules.pop(name, None)
        sys.modules.update(before)


def import_error(name: str) -> Exception | None:
    """What importing ``name`` raises; None where it works."""
    with warnings.catch_warnings():
        ignore_notices()
        try:
            importlib.import_module(name)
        except Exception as error:
            return error
    return None


def is_missing(name: str, error: Exception) -> bool:
    """Whether ``error`` says that the package of ``name`` is not installed at all."""
    package = name.partition('.')[0]
    return isinstance(error, ModuleNotFoundError) and error.name == package


def block(name: str, error: Exception) -> None:
    """Makes a package that is installed but broken count as not installed, and says so."""
    package = name.partition('.')[0]
    for loaded in [key for key in sys.modules if key.partition('.')[0] == package]:
        del sys.modules[loaded]
    sys.modules[package] = None  # `import` then raises ModuleNotFoundError
    reason = ' '.join(str(error).split())
    warnings.warn(
        f'{package} is installed but cannot be imported, so it is treated as absent '
        f'({type(error).__name__}: {reason})'
    )


def require(name: str, remedy: str) -> None:
    """Imports ``name``, or raises one line that says how to get it."""
    error = import_error(name)
    if error is None:
        return
    if is_missing(name, error):
        raise LitePoseError(f'{name} is not installed: {remedy}') from error
    if isinstance(error, ModuleNotFoundError):  # something it needs is missing
        remedy = DEPENDENCIES
    reason = ' '.join(str(error).split())
    raise LitePoseError(
        f'{name} cannot be imported ({type(error).__name__}: {reason}): {remedy}'
    ) from error
