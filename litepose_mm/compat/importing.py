"""Handle imports that may fail, with stand-ins for missing modules."""

import importlib
import sys
import warnings
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from types import ModuleType

from ..errors import LitePoseError
from .notices import ignore_notices

#: Command that installs the dependencies of MMPose and this package.
DEPENDENCIES = 'pip install "litepose_mm[mmpose]"'


class StandIn(ModuleType):
    """A module that replaces a missing one.

    Args:
        name: Name of the module.
        use: Message of the :class:`LitePoseError` that calling any of its functions raises, which
            tells what to install.
        callables: Names of its functions; None for any name.
    """

    def __init__(self, name: str, use: str, callables: tuple[str, ...] | None = ()):
        super().__init__(name, doc=f'Stand-in for {name}: {use}')
        self.__spec__ = ModuleSpec(name, loader=None)  # so that find_loader() does not find it
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
    """Put ``modules`` into ``sys.modules`` within a block, and restore it afterwards."""
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
    """Return the exception that importing ``name`` raises, or None."""
    with warnings.catch_warnings():
        ignore_notices()
        try:
            importlib.import_module(name)
        except Exception as error:
            return error
    return None


def is_missing(name: str, error: Exception) -> bool:
    """Return whether ``error`` means that the package of ``name`` is not installed at all."""
    package = name.partition('.')[0]
    return isinstance(error, ModuleNotFoundError) and error.name == package


def block(name: str, error: Exception) -> None:
    """Hide a package that is installed but broken, with a warning."""
    package = name.partition('.')[0]
    for loaded in [key for key in sys.modules if key.partition('.')[0] == package]:
        del sys.modules[loaded]
    sys.modules[package] = None  # `import` then raises ModuleNotFoundError
    warnings.warn(
        f'{package} is installed but cannot be imported, so it is treated as absent '
        f'({_described(error)})'
    )


def require(name: str, remedy: str) -> None:
    """Import ``name``, or raise a :class:`LitePoseError` that tells how to install it."""
    error = import_error(name)
    if error is None:
        return
    if is_missing(name, error):
        raise LitePoseError(f'{name} is not installed: {remedy}') from error
    if isinstance(error, ModuleNotFoundError):  # one of its own dependencies is missing
        remedy = DEPENDENCIES
    raise LitePoseError(f'{name} cannot be imported ({_described(error)}): {remedy}') from error


def _described(error: Exception) -> str:
    return f'{type(error).__name__}: {" ".join(str(error).split())}'
