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
            text = re.sub(r'^(\s*Example)::$', r'\1:', each.docstring.value, flags=re.M)  # a section
            text = re.sub(r'::$', ':', text, flags=re.M)
            each.docstring.value = ROLE.sub(lambda match: link(each, match[1]), text)  # noqa: B023


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
