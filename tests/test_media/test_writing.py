"""Writing images and JSON: whole files or none."""

import json
from pathlib import Path

import pytest

from litepose_mm import LitePoseError
from litepose_mm.media import write_image, write_json


def test_image_formats_that_cannot(tmp_path, scene, files):
    with pytest.raises(LitePoseError, match='OpenCV'):
        write_image(tmp_path / 'x.xyz', scene())
    assert files(tmp_path) == []


def test_json(tmp_path):
    path = tmp_path / 'deep' / 'x.json'
    write_json(path, {'a': [1, 2.5, 'ä']})
    assert json.loads(path.read_text(encoding='utf-8')) == {'a': [1, 2.5, 'ä']}


@pytest.mark.parametrize('document', [{'a': float('nan')}, {'a': {1, 2}}])
def test_json_refuses_what_it_cannot_hold(tmp_path, document):
    path = tmp_path / 'x.json'
    path.write_text('old')
    with pytest.raises(LitePoseError, match='cannot write'):
        write_json(path, document)
    assert path.read_text() == 'old'


def test_a_failure_leaves_the_old_file_and_no_other(tmp_path, monkeypatch, files):
    path = tmp_path / 'x.json'
    path.write_text('old')

    def full(self, text, encoding):
        self.touch()
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr(Path, 'write_text', full)
    with pytest.raises(LitePoseError, match='No space left'):
        write_json(path, {})
    assert files(tmp_path) == ['x.json']
    assert path.read_bytes() == b'old'


def test_where_no_folder_can_be(tmp_path, scene):
    (tmp_path / 'file').touch()
    for write in (
        lambda: write_json(tmp_path / 'file' / 'x.json', {}),
        lambda: write_image(tmp_path / 'file' / 'x.png', scene()),
    ):
        with pytest.raises(LitePoseError, match='cannot write'):
            write()
