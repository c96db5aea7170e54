import hashlib
import importlib.util
import re
import sys
from datetime import date

import pytest
import torch
from networks import TINY, litepose

from litepose_mm.checkpoints import load_weights, read_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.paths import mim_root


@pytest.fixture(scope='module')
def tool():
    path = mim_root() / 'tools/misc/publish_model.py'
    spec = importlib.util.spec_from_file_location('publish_model', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkpoint(tmp_path):
    model = litepose(TINY)
    path = tmp_path / 'epoch_1.pth'
    meta = dict(epoch=1, cfg='work_dir = "/home/me"', dataset_meta=dict(dataset_name='crowdpose'))
    content = dict(state_dict=model.state_dict(), meta=meta, optimizer=dict(state={}))
    torch.save(content, path)
    return model, path


@pytest.mark.parametrize('suffix', ['pth', 'safetensors'])
def test_publish(tool, checkpoint, tmp_path, suffix):
    if suffix == 'safetensors':
        pytest.importorskip('safetensors')
    model, path = checkpoint
    published = tool.publish(path, tmp_path / f'out/model.{suffix}')
    match = re.fullmatch(rf'model-([0-9a-f]{{8}})_(\d{{8}})\.{suffix}', published.name)
    assert match[1] == hashlib.sha256(published.read_bytes()).hexdigest()[:8]
    assert match[2] == f'{date.today():%Y%m%d}'
    assert list(published.parent.iterdir()) == [published]

    other = litepose(TINY)
    meta = load_weights(other, published)
    for name, value in model.state_dict().items():
        assert torch.equal(other.state_dict()[name], value)
    if suffix == 'pth':
        assert meta == dict(epoch=1, dataset_meta=dict(dataset_name='crowdpose'))
        assert torch.load(published, weights_only=True).keys() == {'meta', 'state_dict'}


def test_half(tool, checkpoint, tmp_path):
    source = torch.load(checkpoint[1], weights_only=True)
    source['state_dict']['backbone.stem.0.bn.running_var'][:] = 1e5  # beyond the range
    torch.save(source, checkpoint[1])
    published = tool.publish(checkpoint[1], tmp_path / 'model.pth', half=True)
    state = read_weights(published).state_dict
    assert torch.all(state['backbone.stem.0.bn.running_var'] == 1e5)
    assert state['backbone.stem.0.conv.weight'].dtype is torch.float16
    assert published.stat().st_size < 0.7 * checkpoint[1].stat().st_size


def test_what_is_no_data_is_refused(tool, tmp_path):
    path = tmp_path / 'old.pth'
    torch.save(dict(state_dict={'a': torch.ones(1)}, meta=print), path)
    with pytest.raises(LitePoseError, match='old.pth: refused'):
        tool.publish(path, tmp_path / 'out.pth')


def test_errors_are_one_line(tool, checkpoint, tmp_path, monkeypatch, capsys):
    for arguments in ((checkpoint[1], 'model.bin'), (tmp_path / 'gone.pth', 'model.pth')):
        monkeypatch.setattr(sys, 'argv', ['publish_model.py', *map(str, arguments)])
        assert run_tool(tool.main) == 2
    assert capsys.readouterr().err.count('\n') == 2
