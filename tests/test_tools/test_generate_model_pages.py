import importlib.util
from dataclasses import replace
from types import SimpleNamespace

import pytest
import yaml

from litepose_mm.errors import LitePoseError
from litepose_mm.families import Paper
from litepose_mm.utils.paths import mim_root
from litepose_mm.zoo import MODELS

PATH = mim_root() / 'tools/misc/generate_model_pages.py'
SPEC = importlib.util.spec_from_file_location('generate_model_pages', PATH)
tool = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(tool)
FILES = tool.generate()


@pytest.mark.parametrize('path', FILES, ids=lambda path: path.name)
def test_pages_are_up_to_date(path):
    is_new = path.is_file() and path.read_text(encoding='utf-8') == FILES[path]
    assert is_new, f'{path.name}: regenerate with: make models'


def test_metafiles_are_what_openmim_reads():
    index = yaml.safe_load(FILES[tool.ROOT / 'model-index.yml'])
    metafiles = [yaml.safe_load(FILES[tool.ROOT / path]) for path in index['Import']]
    names = [each['Name'] for content in metafiles for each in content.get('Collections', ())]
    rows = [row for content in metafiles for row in content['Models']]
    assert {row['In Collection'] for row in rows} == set(names)
    assert len(names) == len(set(names)) and len(rows) == len(MODELS)
    for row in rows:
        assert (tool.ROOT / row['Config']).stem == row['Name']
    (row,) = [row for row in rows if row['Name'].startswith('ae_litepose-xs_8xb16-500e_crowdpose')]
    assert row['Metadata']['Parameters'] == MODELS['litepose-xs_crowdpose'].params
    assert row['Results'][0]['Metrics'] == {'AP': 0.495, 'AP@0.5': 0.745, 'AP@0.75': 0.514}


def test_another_family(monkeypatch):
    """It has no published AP, MACs of its own paper, and a page that is not there yet."""

    family = SimpleNamespace(
        title='Paper2Pose', method='PAF', paper=Paper('Paper to pose', 'https://example.org')
    )
    monkeypatch.setattr(tool, 'get_family', lambda name: family)
    folder = 'body_2d_keypoint/part_affinity/coco'
    new = replace(
        MODELS['litepose-xs_coco'],
        name='paper2pose-1_coco',
        family='paper2pose',
        variant='paper2pose-1',
        config=f'{folder}/paf_paper2pose-1_8xb16-280e_coco-368x368.py',
        paper_macs=None,
        published={},
    )
    monkeypatch.setitem(MODELS, new.name, new)
    files = tool.generate()
    page = tool.ROOT / 'configs' / folder / 'paper2pose_coco.yml'
    document = yaml.safe_load(files[page])
    assert document['Collections'][0]['Name'] == 'Paper2Pose'
    (row,) = document['Models']
    assert row['Metadata']['Architecture'] == ['Paper2Pose', 'PAF'] and 'Results' not in row
    text = files[page.with_suffix('.md')]
    assert text.startswith('# Paper2Pose on COCO\n') and 'https://example.org' in text
    assert '| 1,675,912 | | 0.886 G | | | | | | | |' in text
    readme = files[tool.ROOT / 'README.md']
    assert f'| [Paper2Pose](configs/{folder}/paper2pose_coco.md) | COCO | 1 | 1.7 M |' in readme


def test_published_figures_stand_beside_ours():
    config = tool.ROOT / 'configs' / MODELS['higherhrnet-w24_crowdpose'].config
    page = FILES[config.with_name('higherhrnet_crowdpose.md')]
    assert '| 16,110,074 | 14.9 M | 23.783 G | 25.339 G paper-style | 25.3 G | 0.574 |' in page
    assert f'- {config.stem}: No network with 14.9 M parameters' in page


def test_a_page_without_markers(tmp_path):
    (tmp_path / 'page.md').write_text('# A page\n')
    with pytest.raises(LitePoseError, match='page.md: expected the markers <!-- models:begin'):
        tool._page(tmp_path / 'page.md', 'table')
