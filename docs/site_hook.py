"""What MkDocs does not find in docs/: the pages beside it, and the API reference.

The reference is made by reading the package, so that modules can move. Nothing is imported: a
package's page shows what its ``__all__`` names, or its modules where it has none.
"""

from __future__ import annotations

import ast
import os
import re
from pathlib import Path, PurePosixPath

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = 'litepose_mm'
#: Pages beside docs/, and what they are called on the site.
BESIDE = {
    'README.md': 'index.md',
    'CONTRIBUTING.md': 'CONTRIBUTING.md',
    'CHANGELOG.md': 'CHANGELOG.md',
}
#: Modules that are no part of the API, wherever they lie: commands, parts of other packages, and
#: what serves the package itself.
INTERNAL = {
    *('cached_export', 'cli', 'compat', 'compat_xtcocotools', 'config_files', 'files', 'home'),
    *('kernels', 'listening', 'mmdeploy', 'modules', 'openmp', 'plugins', 'recipes', 'testing'),
    *('utils', 'version'),
}
ROLE = re.compile(r':\w+:`~?([^`]+)`')
LINK = re.compile(r'(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)')


def on_files(files, config):
    for source, target in BESIDE.items():
        text = (ROOT / source).read_text(encoding='utf-8')
        files.append(File.generated(config, target, content=text))
    for name, text in reference().items():
        files.append(File.generated(config, name, content=text))
    return files


def on_config(config):
    pages = [{name[10:-3].replace('/', '.'): name} for name in reference()]
    config.nav.insert(-1, {'Reference': pages})
    return config


def on_page_markdown(markdown, page, config, files):
    """Leads links that are written for the repository to the pages of the site."""
    here = page.file.src_uri
    source = {target: name for name, target in BESIDE.items()}.get(here, f'docs/{here}')
    if here.startswith('reference/'):
        return markdown

    def lead(match):
        image, text, link = match.groups()
        path, _, anchor = link.partition('#')
        if not path or re.match(r'\w+:', link):
            return match[0]
        target = os.path.normpath((PurePosixPath(source).parent / path).as_posix())
        if target in BESIDE:
            target = BESIDE[target]
        elif target.startswith('docs/'):
            target = target.removeprefix('docs/')
        elif (ROOT / target).exists():
            return text  # a file of the repository that is no page
        address = os.path.relpath(target, PurePosixPath(here).parent)
        return f'{image}[{text}]({address}{"#" * bool(anchor)}{anchor})'

    # code is left as it is
    parts = re.split(r'(^ *```.*?^ *```)', markdown, flags=re.M | re.S)
    return ''.join(
        part if part.lstrip().startswith('```') else LINK.sub(lead, part) for part in parts
    )


def reference() -> dict[str, str]:
    """The pages of the reference by their names, with what mkdocstrings fills in."""
    pages = {}
    for file in sorted((ROOT / PACKAGE).rglob('__init__.py')):
        parts = file.parent.relative_to(ROOT).parts
        if INTERNAL.isdisjoint(parts):
            text = page_of(file, '.'.join(parts))
            if text:
                pages[f'reference/{"/".join(parts[1:]) or PACKAGE}.md'] = text
    return pages


def page_of(file: Path, module: str) -> str:
    """What a package exports and none of the packages in it does; else what its modules hold."""
    names = exported(file)
    for each in file.parent.glob('*/__init__.py'):
        names = [name for name in names if name not in {each.parent.name, *exported(each)}]
    if not names or module == PACKAGE:
        modules = sorted(each.stem for each in file.parent.glob('*.py'))
        names += [name for name in modules if name[0] != '_' and name not in INTERNAL]
    text = ast.get_docstring(ast.parse(file.read_text(encoding='utf-8'))) or ''
    blocks = [f'# {module}', ROLE.sub(r'`\1`', text), *(f'::: {module}.{name}' for name in names)]
    return '\n\n'.join(blocks) if names else ''


def exported(file: Path) -> list[str]:
    """The public names that are written out in ``__all__``."""
    for node in ast.parse(file.read_text(encoding='utf-8')).body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], 'id', '') == '__all__':
            names = [each.value for each in node.value.elts if isinstance(each, ast.Constant)]
            return [name for name in names if not name.startswith('_')]
    return []
