"""Every private name of another package that this one uses is in the table, and no other."""

import ast
import sys
from inspect import isfunction
from pathlib import Path

import litepose_mm
from litepose_mm.compat.private_api import PRIVATE_USES

PACKAGE = Path(litepose_mm.__file__).parent
#: Documented although they begin with an underscore, or of annotations only.
PUBLIC = {'_replace', '_fields', '_asdict', '_exit', '_getframe', '_ActionsContainer'}
PUBLIC |= {'_ArgumentGroup', '_SubParsersAction'}


def _is_private(name):
    return name.startswith('_') and not name.endswith('__') and name not in PUBLIC


def _definitions(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in ('self', 'cls'):
                yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def _used():
    """Names that are read of other objects or imported, with the file of each."""
    trees = {path: ast.parse(path.read_text('utf-8')) for path in sorted(PACKAGE.rglob('*.py'))}
    own = {name for tree in trees.values() for name in _definitions(tree)}
    for path, tree in trees.items():
        here = set(_definitions(tree))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and _is_private(node.attr):
                of_self = isinstance(node.value, ast.Name) and node.value.id in ('self', 'cls')
                if node.attr not in (own if of_self else here):
                    yield node.attr, path
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                for alias in node.names:
                    if _is_private(alias.name) and node.module.split('.')[0] != 'litepose_mm':
                        yield alias.name, path


def _overridden():
    """Private methods of other packages' classes that a class here overrides."""
    import litepose_mm.modules  # isort: skip  makes MMPose importable
    import litepose_mm.compat.xtcocotools
    import litepose_mm.deploy  # noqa: F401

    loaded = {
        name: each
        for name, each in sys.modules.items()
        if name.startswith('litepose_mm.') and 'mmdeploy' not in name
    }
    for module, content in loaded.items():
        for cls in vars(content).values():
            if not isinstance(cls, type) or cls.__module__ != module:
                continue
            upstream = [c for c in cls.__mro__ if not c.__module__.startswith('litepose_mm')]
            for name, value in vars(cls).items():
                above = any(name in vars(parent) for parent in upstream)
                if isfunction(value) and _is_private(name) and above:
                    yield name, module


def test_private_names_are_listed():
    listed = {use.name for use in PRIVATE_USES}
    found = {name: str(where) for name, where in [*_used(), *_overridden()]}
    assert {name: where for name, where in found.items() if name not in listed} == {}
    assert listed - set(found) == set()
    assert all(use.owner and use.cause and use.retires for use in PRIVATE_USES)
