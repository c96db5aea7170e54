"""Docstrings as Markdown: roles become links, literal blocks plain code."""

from __future__ import annotations

import re

import griffe

ROLE = re.compile(r':(?:attr|class|data|exc|func|meth|mod|obj):`~?([^`]+)`')


class MarkdownDocstrings(griffe.Extension):
    def on_package(self, *, pkg: griffe.Module, **kwargs) -> None:
        for each in objects(pkg):
            if each.docstring is None:
                continue
            text = re.sub(r'::$', ':', each.docstring.value, flags=re.M)
            parts = ROLE.split(text)
            parts[1::2] = [link(each, name) for name in parts[1::2]]
            each.docstring.value = ''.join(parts)


def objects(parent: griffe.Object):
    yield parent
    for each in list(parent.members.values()):
        if not each.is_alias:
            yield from objects(each)


def link(place: griffe.Object, name: str) -> str:
    """A link where the reference has the name, else the name as code."""
    try:
        path = place.resolve(name)
    except griffe.NameResolutionError:
        path = name
    shown = name.removeprefix('litepose_mm.')
    return f'<autoref identifier="{path}" optional><code>{shown}</code></autoref>'
