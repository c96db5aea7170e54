"""What the documentation says is so: figures, files, links, options."""

import argparse
import json
import re
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import litepose_mm.modules  # noqa: F401

# isort: split
import pytest
import torch
import yaml
from mmengine.config import Config
from mmpose.models import build_pose_estimator
from mmpose.registry import HOOKS

from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.cli import build_parser
from litepose_mm.cli.engine_options import add_engine_options
from litepose_mm.families import families
from litepose_mm.families.litepose import ARCHITECTURES, Architecture
from litepose_mm.nas.families.litepose import LitePoseSearchSpace
from litepose_mm.version import __version__
from litepose_mm.zoo import MODELS

ROOT = Path(__file__).resolve().parents[1]
AE = Path('configs/body_2d_keypoint/associative_embedding')
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ('*.md', 'docs/**/*.md', 'configs/**/*.md')
    for path in ROOT.glob(pattern)
)


def read(page) -> str:
    return (ROOT / page).read_text(encoding='utf-8')


def table(page, first: str) -> list[list[str]]:
    """Rows of the table whose header begins with ``first``, cells without markup."""
    block = re.search(rf'^\| {re.escape(first)} .*\n\|[-:| ]+\|\n((?:\|.*\n)+)', read(page), re.M)
    assert block, f'{page} has no table that begins with {first!r}'
    rows = [line.strip().strip('|').split('|') for line in block.group(1).splitlines()]
    return [[cell.strip().strip('`') for cell in row] for row in rows]


def giga(number: int) -> str:
    return f'{number / 1e9:.3f} G'


def code(page, language: str) -> list[str]:
    return re.findall(rf'^```{language}\n(.*?)^```', read(page), re.M | re.S)


def count(arch: Architecture, size: int):
    """Parameters and MACs, on torch's device without data."""
    with torch.device('meta'):
        model = build_pose_estimator(
            dict(
                type='BottomupPoseEstimator',
                backbone=dict(type='LitePose', arch=arch),
                head=dict(type='FusionDeconvHead', arch=arch, num_keypoints=14),
            )
        )
    return measure_complexity(model, (3, size, size))


# --- figures


@pytest.mark.parametrize('family, dataset', {(m.family, m.dataset): None for m in MODELS.values()})
def test_pages_of_models_name_the_paper_and_the_data(family, dataset):
    entry = next(m for m in MODELS.values() if (m.family, m.dataset) == (family, dataset))
    text = read((Path('configs') / entry.config).with_name(f'{family}_{dataset}.md'))
    titles = re.findall(r'^  title +=.*?\{(.*)\},$', text, re.M)
    assert families()[family].paper.title in titles
    assert f'Expected below `data/{dataset}/`' in text


def test_tree_of_the_architecture_page_is_that_of_the_package():
    tree = re.findall(r'^[├└]── ([\w.]+)', read('docs/architecture.md'), re.M)
    package = {path.name for path in (ROOT / 'litepose_mm').iterdir() if path.name[0] not in '_.'}
    assert set(tree) == package - {'version.py'}


def test_models_page_lists_the_architectures():
    rows = table('docs/models.md', 'architecture')
    assert [row[0] for row in rows] == list(ARCHITECTURES)
    zoo = {entry.variant: entry for entry in MODELS.values() if entry.num_keypoints == 14}
    for row, (name, arch) in zip(rows, ARCHITECTURES.items()):
        counted = zoo.get(name) or count(arch, arch.img_size)
        assert row == [
            name,
            str(arch.img_size),
            str(arch.input_channel),
            ', '.join(str(stage.channel) for stage in arch.stages),
            ', '.join(map(str, arch.deconv_setting)),
            f'{counted.params:,}',
            giga(counted.macs),
            giga(counted.paper_macs),
        ]


def test_models_page_has_the_chains_of_efficientpose():
    rows = table('docs/models.md', 'network')
    for name, *figures in rows[:-3]:
        entry = MODELS[f'{name}_mpii']
        counts = entry.macs, entry.hhrnet_style_macs
        assert figures == [f'{entry.params:,}', *map(giga, counts), '']
    assert len(rows) - 3 == len(families()['efficientpose'].variants)


def test_models_page_has_table_3():
    rows = table('docs/models.md', 'kernel')
    assert len(rows) == 5
    for kernel, fusion, macs, paper_macs, published, _ in rows:
        arch = ARCHITECTURES['prune-s'].with_kernel(int(kernel))
        counted = count(replace(arch, fusion=fusion == 'yes'), 512)
        assert (macs, paper_macs) == (giga(counted.macs), giga(counted.paper_macs))
        assert published in ('', f'{counted.paper_macs / 1e9:.1f} G')


def test_models_page_has_the_three_counts():
    counted = count(ARCHITECTURES['litepose-m'], 448)
    values = [row[-1] for row in table('docs/models.md', 'name')]
    assert values == [
        giga(n) for n in (counted.macs, counted.hhrnet_style_macs, counted.paper_macs)
    ]


def test_models_page_shows_a_valid_architecture():
    (text,) = code('docs/models.md', 'json')
    arch = Architecture.from_dict(json.loads(text))
    assert count(arch, arch.img_size).params > 0


def test_decoding_page_has_the_times_that_were_measured():
    rows = {tuple(row[:3]): row[3:] for row in table('docs/experiments/decoding.md', 'maps')}
    theirs, plain, compiled, *_ = map(float, rows['levels', '832x448', '10'])
    times = re.findall(r'([\d.]+) ms', read('docs/decoding.md'))
    (fields,) = (
        row[2:4]
        for row in table('docs/experiments/decoding.md', 'input')
        if row[:2] == ['456x256', '5']
    )
    associative = [f'{compiled:.1f}', f'{theirs:.0f}', f'{plain:.1f}']
    assert times == associative + [f'{float(each):.0f}' for each in fields]


def test_deploy_page_has_the_times_that_were_measured():
    measured = table('docs/experiments/export.md', 'model, input')
    frames = {tuple(row[:3]): float(row[6]) for row in measured}
    rows = table('docs/deploy.md', 'model, input')
    assert len(rows) == 3
    columns = [('PyTorch, eager', 'fp32'), ('ONNX Runtime', 'fp32'), ('OpenVINO', 'fp32')]
    for name, *times in rows:
        for column, given in zip([*columns, ('OpenVINO', 'int8')], times, strict=True):
            assert float(given) == float(f'{frames[(name, *column)]:.3g}')


def test_search_page_lists_the_spaces():
    rows = table('docs/search.md', 'space')
    for names, resolutions, ratios, blocks, size in rows[:2]:
        space = LitePoseSearchSpace.published[names]
        assert resolutions == ', '.join(map(str, space.img_sizes))
        assert ratios == ', '.join(map(str, space.ratios))
        assert blocks == ', '.join(str(stage.num_blocks) for stage in space.largest.stages)
        assert size == f'{space.size:,}'
    assert len(rows) == len(LitePoseSearchSpace.published)


def test_install_page_lists_the_extras():
    """As setup.py makes them: one of each file, and two more (tests/test_install.py)."""

    def names(path):
        lines = (ROOT / 'requirements' / path).read_text(encoding='utf-8').splitlines()
        return ', '.join(re.match(r'[\w-]+', line)[0] for line in lines if line[:1] not in '#-')

    rows = {name: adds for name, adds, _ in table('docs/install.md', 'extra')}
    assert rows.pop('none') == names('runtime.txt')
    assert list(rows)[-2:] == ['all', 'mmpose']
    files = (ROOT / 'requirements/optional').glob('*.txt')
    expected = {path.stem: names(f'optional/{path.name}') for path in files}
    assert {name: rows[name] for name in list(rows)[:-2]} == expected


# --- files, links, commands


def anchors(page) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r'^```.*?^```', '', read(page), flags=re.M | re.S)
    titles = re.findall(r'^#+ (.*)$', text, re.M)
    return {re.sub(r'[^\w\- ]', '', title.lower()).replace(' ', '-') for title in titles}


@pytest.mark.parametrize('page', PAGES)
def test_local_links_lead_somewhere(page):
    text = re.sub(r'^```.*?^```', '', read(page), flags=re.M | re.S)
    for link in re.findall(r'\]\(([^)\s]+)\)', text):
        if re.match(r'https?:', link):
            continue
        path, _, anchor = unquote(link).partition('#')
        target = (ROOT / page).parent / path if path else ROOT / page
        assert target.exists(), f'{page}: {link}'
        if anchor:
            assert anchor in anchors(target), f'{page}: {link}'


@pytest.mark.parametrize('page', PAGES)
def test_files_that_are_named_exist(page):
    text = read(page)
    for name in re.findall(r'(?<![\w/.])(?:tools|demo|benchmarks|configs|tests)/[\w./-]+', text):
        assert (ROOT / name.rstrip('.')).exists(), f'{page}: {name}'
    for target in re.findall(r'\bmake ([a-z]+)\b', '\n'.join(code(page, 'bash'))):
        assert re.search(rf'^{target}:', read('Makefile'), re.M), f'{page}: make {target}'


def test_families_page_has_the_figures_of_the_zoo():
    rows = table('docs/experiments/families.md', 'network')
    assert len(rows) == 8
    for name, size, params, macs, ap, *_ in rows:
        entry = MODELS[f'{name}_coco']
        assert size == '{}x{}'.format(*entry.input_size)
        assert params == f'{entry.params / 1e6:.2f} M' and macs == f'{entry.macs / 1e9:.2f} G'
        assert ap == ('' if entry.ap is None else str(entry.ap))


def test_configs_of_mixed_parts_exist():
    names = [row[0] for row in table('docs/models.md', 'config')]
    own = tuple(
        f'{family.method.lower()}_{name.replace("_", "-")}' for name, family in families().items()
    )
    mixed = {
        path.relative_to(ROOT / 'configs/body_2d_keypoint').as_posix()
        for path in (ROOT / 'configs/body_2d_keypoint').rglob('*.py')
        if not path.name.startswith(own)
    }
    assert set(names) == mixed


def test_mmposes_example_fits_its_config():
    (example,) = code('docs/migrating.md', 'python')
    assert example.index('litepose_mm.modules') < example.index('from mmpose')
    path = ''.join(re.findall(r"^    '(.*)'$", example, re.M))
    # MMPoseInferencer asks the config for it.
    assert Config.fromfile(ROOT / path).data_mode == 'bottomup'


def test_policy_of_bad_samples_is_where_the_page_says():
    name, policy = re.search(r'([\w.]+\.policy)=(\w+)', read('docs/training.md')).groups()
    config = Config.fromfile(ROOT / AE / 'synthetic/ae_litepose-xs_1xb8-13e_synthetic-256x256.py')
    config.merge_from_dict({name: policy})
    assert HOOKS.build(config.default_hooks.bad_sample).policy == 'skip'


@pytest.mark.parametrize('page', PAGES)
def test_imports_that_are_shown_work(page):
    for text in code(page, '(?:python|py)'):
        for line in re.findall(
            r'^ *(?:from litepose_mm[\w.]* import .*|import litepose_mm.*)$', text, re.M
        ):
            exec(line.strip(), {})


def options(command: str) -> list[str]:
    return re.findall(r'(?<!\S)--[\w-]+', command)


@pytest.mark.parametrize('page', PAGES)
def test_options_that_are_shown_exist(page):
    commands = '\n'.join(code(page, 'bash')).replace('\\\n', ' ').splitlines()
    commands = [line.partition('#')[0].strip() for line in commands]
    known = build_parser()._subparsers._group_actions[0].choices
    for command in commands:
        words = command.split()
        if words[:1] == ['litepose']:
            shown = known[words[1]].format_help()
        elif words[:1] == ['python'] and words[1].endswith('.py') and (ROOT / words[1]).exists():
            # A tool may share options with the tools beside it.
            shown = ''.join(map(read, sorted((ROOT / words[1]).parent.glob('*.py'))))
            if 'add_engine_options(' in shown:
                parser = argparse.ArgumentParser()
                add_engine_options(parser)
                shown += parser.format_help()
        else:
            continue
        for option in options(command):
            assert option in shown, f'{page}: {command}'


def test_citation_names_this_version():
    citation = yaml.safe_load(read('CITATION.cff'))
    assert citation['version'] == __version__
    assert citation['license'] == 'Apache-2.0'
    assert f'## {__version__}' in read('CHANGELOG.md')


def test_images_are_small():
    images = [path for path in (ROOT / 'docs').rglob('*') if path.suffix in ('.png', '.jpg')]
    assert images
    assert all(path.stat().st_size < 200_000 for path in images)
