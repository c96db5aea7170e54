import importlib.util
import json
import sys

import pytest
from PIL import Image

from litepose_mm.cli.programs import run_tool
from litepose_mm.utils.paths import mim_root


@pytest.fixture(scope='module')
def tool():
    path = mim_root() / 'tools/misc/check_annotations.py'
    spec = importlib.util.spec_from_file_location('check_annotations', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def document(tmp_path):
    """An image with its sides swapped, one that is not there, and who is on them."""
    Image.new('RGB', (100, 50)).save(tmp_path / '1.jpg')
    content = dict(
        images=[dict(id=i, file_name=f'{i}.jpg', width=50, height=100) for i in (1, 2)],
        annotations=[
            dict(
                id=10 * i,
                image_id=i,
                category_id=1,
                iscrowd=0,
                bbox=[1, 1, 9, 9],
                area=50,
                num_keypoints=1,
                keypoints=[5, 5, 2],
            )
            for i in (1, 2)
        ],
        categories=[dict(id=1, name='person', keypoints=['nose'], skeleton=[])],
    )
    (tmp_path / 'a.json').write_text(json.dumps(content))
    return content


def run(tool, monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['check_annotations.py', *map(str, args)])
    return run_tool(tool.main)


def test_check_and_fix(tool, document, tmp_path, monkeypatch, capsys):
    names = [tmp_path / 'a.json', '--images', tmp_path]
    assert run(tool, monkeypatch, *names) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith('size: image 1: width, height: swapped')
    assert '(50, 100)' in lines[0] and '(100, 50)' in lines[0]
    assert lines[1].startswith('missing image: image 2: file_name: ')
    assert f'{tmp_path}/2.jpg' in lines[1]
    assert lines[2:] == [
        f'{tmp_path}/a.json: 2 images, 2 annotations; problems: size 1, missing image 1'
    ]

    assert run(tool, monkeypatch, *names, '--fix', tmp_path / 'b.json') == 1
    assert 'b.json: sizes fixed: 1; problems left: missing image 1' in capsys.readouterr().out
    assert run(tool, monkeypatch, *names, '--fix', tmp_path / 'c.json', '--drop') == 0
    assert (
        'c.json: sizes fixed: 1, images left out: 1, annotations left out: 1; problems left: none'
        in capsys.readouterr().out
    )
    fixed = json.loads((tmp_path / 'c.json').read_text())
    assert fixed['annotations'] == [dict(document['annotations'][0], segmentation=[])]
    assert fixed['images'] == [dict(document['images'][0], width=100, height=50)]


def test_most(tool, document, tmp_path, monkeypatch, capsys):
    for annotation in document['annotations']:
        annotation['bbox'] = []
    (tmp_path / 'a.json').write_text(json.dumps(document))
    assert run(tool, monkeypatch, tmp_path / 'a.json', '--most', 1) == 1
    assert capsys.readouterr().out.splitlines()[:2] == [
        'bbox: annotation 10: bbox: expected four finite numbers, got []',
        'bbox: … 1 more',
    ]


@pytest.mark.parametrize(
    'options, message',
    [
        (['gone.json'], 'gone.json: No such file'),
        (['a.json', '--drop'], '--drop: expected --fix OUT'),
        (['a.json', '--dataset', 'nothing'], '--dataset nothing: expected coco, crowdpose or a'),
        (['a.json', '--images', 'gone'], '--images gone: no such folder'),
    ],
)
def test_bad_input_is_one_line(tool, document, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    assert run(tool, monkeypatch, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith(f'check_annotations.py: error: {message}') and error.count('\n') == 1
