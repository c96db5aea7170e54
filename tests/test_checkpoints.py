import os
import pickle

import families
import numpy as np
import pytest
import torch
from families import build, weights
from mmengine.logging import HistoryBuffer
from mmengine.runner import CheckpointLoader
from networks import TINY, litepose
from served_files import address  # noqa: F401
from supernets import build_supernet

from litepose_mm.checkpoints import (
    authors_family,
    check_fit,
    fit,
    load_weights,
    read_weights,
    recognise,
    save_weights,
)
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family

LITEPOSE = get_family('litepose')


def to_authors(state):
    return families.to_authors(state, LITEPOSE)


def random_model(seed=0, arch=TINY, keypoints=14):
    torch.manual_seed(seed)
    model = litepose(arch, keypoints)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    return model


@pytest.mark.parametrize(
    'wrap',
    [
        lambda s: s,
        lambda s: {'module.' + k: v for k, v in s.items()},
        lambda s: {'1.' + k: v for k, v in s.items()},
        lambda s: {'1.module.' + k: v for k, v in s.items()},
        lambda s: dict(best_state_dict=s, epoch=3, perf=np.float64(0.5)),
        lambda s: dict(model=s),
        lambda s: dict(
            epoch=3,
            model='pose_mobilenet',
            perf=0.5,
            state_dict={'module.' + k: v for k, v in s.items()},
        ),
    ],
    ids=['plain', 'module', '1', '1.module', 'best', 'model', 'wrapped'],
)
@pytest.mark.parametrize('form', [to_authors, dict], ids=['authors', 'ours'])
def test_every_form_loads(tmp_path, wrap, form):
    source, target = random_model(1), random_model(2)
    path = tmp_path / 'weights.pth.tar'
    torch.save(wrap(form(weights(source))), path)
    load_weights(target, path)
    for key, value in weights(source).items():
        assert torch.equal(value, target.state_dict()[key]), key


def test_safetensors(tmp_path):
    from safetensors.torch import save_file

    source, target = random_model(1), random_model(2)
    save_file(weights(source), tmp_path / 'w.safetensors')
    load_weights(target, tmp_path / 'w.safetensors')
    assert all(torch.equal(v, target.state_dict()[k]) for k, v in weights(source).items())
    (tmp_path / 'b.safetensors').write_bytes(b'not at all')
    with pytest.raises(LitePoseError, match='broken safetensors'):
        read_weights(tmp_path / 'b.safetensors')


def test_unpublished_architectures_are_recognised():
    found = recognise(weights(litepose(TINY, 5)))
    assert found.variant is None and found.num_keypoints == 5
    assert found.architecture.stages == TINY.stages
    assert found.architecture.deconv_setting == TINY.deconv_setting


def test_other_weights_are_not_recognised():
    with pytest.raises(LitePoseError, match='weights: expected .*LitePose'):
        recognise({'conv.weight': torch.zeros(1)})


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f'touch {self.path}',)


def test_executable_pickles_are_refused(tmp_path):
    mark = tmp_path / 'mark'
    torch.save(dict(state_dict=Malicious(mark)), tmp_path / 'evil.pth')
    with pytest.raises(LitePoseError, match='refused.*posix.system.*run code') as error:
        read_weights(tmp_path / 'evil.pth')
    assert not mark.exists() and '\n' not in str(error.value)


def test_downloaded_weights_are_read_as_data(tmp_path, address):  # noqa: F811
    mark, good = tmp_path / 'mark', {'weight': torch.ones(2)}
    for folder, content in (('a', good), ('b', dict(state_dict=Malicious(mark)))):
        (tmp_path / folder).mkdir()
        torch.save(content, tmp_path / folder / 'w.pth')
    assert read_weights(f'{address}/a/w.pth').state_dict['weight'].equal(good['weight'])
    (tmp_path / 'a/w.pth').unlink()
    assert read_weights(f'{address}/a/w.pth').state_dict  # downloaded once
    with pytest.raises(LitePoseError, match='-w.pth: refused.*run code'):
        read_weights(f'{address}/b/w.pth')
    with pytest.raises(LitePoseError, match=f'weights {address}/c.pth: cannot download .*404'):
        read_weights(f'{address}/c.pth')
    with pytest.raises(LitePoseError, match='weights s3://b/w.pth: expected a file, or an address'):
        read_weights('s3://b/w.pth')
    # MMEngine's own loaders serve the parts of a network that are not ours.
    for name in ('a', 'b'):
        with pytest.raises((OSError, pickle.UnpicklingError)):
            CheckpointLoader.load_checkpoint(f'{address}/{name}/w.pth')
    assert not mark.exists()


@pytest.mark.parametrize(
    'content, message',
    [
        (b'', 'not a checkpoint, or a broken one'),
        (b'garbage' * 100, 'not a checkpoint, or a broken one'),
        (b'PK\x03\x04garbage', 'not a checkpoint, or a broken one'),
        (None, 'no such file'),
    ],
)
def test_broken_files(tmp_path, content, message):
    path = tmp_path / 'weights.pth'
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LitePoseError, match=message) as error:
        read_weights(path)
    assert 'weights.pth' in str(error.value) and '\n' not in str(error.value)


def test_a_truncated_checkpoint(tmp_path):
    path = tmp_path / 'weights.pth'
    torch.save(weights(random_model()), path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(LitePoseError, match='not a checkpoint, or a broken one'):
        read_weights(path)


@pytest.mark.parametrize('content', [[1, 2], {'a': 1}, {}, {'state_dict': 3}, torch.zeros(2)])
def test_other_contents(tmp_path, content):
    torch.save(content, tmp_path / 'x.pth')
    with pytest.raises(LitePoseError, match='expected a mapping of names to tensors'):
        read_weights(tmp_path / 'x.pth')


def test_weights_that_do_not_fit_name_keys_and_shapes(tmp_path):
    model = random_model()
    before = {k: v.clone() for k, v in weights(model).items()}
    state = {k: v + 1 for k, v in weights(random_model(5)).items()}
    del state['backbone.stem.0.conv.weight']
    state['head.extra'] = torch.zeros(1)
    state['head.deconvs.0.bn.bias'] = torch.zeros(3)
    torch.save(state, tmp_path / 'w.pth')
    with pytest.raises(LitePoseError) as error:
        load_weights(model, tmp_path / 'w.pth')
    message = str(error.value)
    assert '1 missing (backbone.stem.0.conv.weight)' in message
    assert '1 unexpected (head.extra)' in message
    assert '1 of another shape (head.deconvs.0.bn.bias (3,), model (16,))' in message
    assert all(torch.equal(v, before[k]) for k, v in weights(model).items())


@pytest.mark.parametrize('given', ['higherhrnet-shrink1', 'efficienthrnet-h-4'])
def test_another_network_is_named(given):
    model, other = (
        build(get_family(name.split('-')[0]), name, count)
        for name, count in (('higherhrnet-w16', 14), (given, 17))
    )
    message = f'expected those of higherhrnet-w16 with 14 keypoints, got those of {given} with 17'
    with pytest.raises(LitePoseError, match=message):
        fit(model, weights(other), 'w.pth')


def test_names_that_the_authors_do_not_have(tmp_path):
    state = dict(to_authors(weights(random_model())), **{'first.9.weight': torch.zeros(1)})
    assert authors_family(state).name == 'litepose'
    del state[next(key for key in state if key.endswith('.running_mean'))]
    torch.save(state, tmp_path / 'w.pth')
    with pytest.raises(
        LitePoseError, match=r'w.pth do not .*: 1 missing \(.*1 unexpected \(first.9'
    ):
        load_weights(random_model(), tmp_path / 'w.pth')
    assert authors_family({}) is None


@pytest.mark.parametrize('form', [to_authors, dict], ids=['authors', 'ours'])
def test_a_supernet_is_not_one_network(tmp_path, form):
    torch.save(form(weights(build_supernet())), tmp_path / 'w.pth')
    with pytest.raises(LitePoseError, match='supernet'):
        load_weights(random_model(), tmp_path / 'w.pth')


def test_a_supernet_of_one_kernel_size_is_not_one_network(tmp_path):
    supernet = build_supernet(TINY, kernel_sizes=())
    meta = dict(cfg="model = dict()\nsearch_space = 'litepose-lms'\n")
    save_weights(weights(supernet), tmp_path / 'w.pth', meta)
    with pytest.raises(LitePoseError, match='got those of a supernet'):
        load_weights(random_model(), tmp_path / 'w.pth')
    assert load_weights(supernet, tmp_path / 'w.pth') == meta


def test_training_does_not_start_from_names_of_the_authors(tmp_path):
    torch.save(to_authors(weights(random_model())), tmp_path / 'w.pth')
    with pytest.raises(LitePoseError, match="authors' LitePose; convert it with tools/.*.py"):
        check_fit(random_model(), tmp_path / 'w.pth')


def test_saving_is_atomic_and_loads_as_data(tmp_path, monkeypatch):
    path = tmp_path / 'new' / 'w.pth'
    save_weights({'a': torch.ones(2)}, path, dict(note='x'))
    assert read_weights(path).meta == dict(note='x')

    def fail(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, 'save', fail)
    with pytest.raises(KeyboardInterrupt):
        save_weights({'a': torch.zeros(2)}, path, {})
    assert [p.name for p in path.parent.iterdir()] == ['w.pth']
    assert torch.equal(read_weights(path).state_dict['a'], torch.ones(2))


def test_mmengines_training_checkpoints(tmp_path):
    """Their logs are no weights, and nothing of them is loaded."""
    history = HistoryBuffer([0.5, 0.25], [1, 1])
    content = dict(
        meta=dict(epoch=1, seed=np.int64(3), cfg='model = dict()'),
        state_dict=weights(random_model(1)),
        message_hub=dict(log_scalars={'train/loss': history}, runtime_info={'lr': [np.float64(1)]}),
        optimizer=dict(state={0: dict(exp_avg=np.ones(2))}),
    )
    torch.save(content, tmp_path / 'epoch_1.pth')
    target = random_model(2)
    meta = load_weights(target, tmp_path / 'epoch_1.pth')
    assert meta == dict(epoch=1, cfg='model = dict()')
    for key, value in weights(random_model(1)).items():
        assert torch.equal(value, target.state_dict()[key])


def test_counters_of_batches_may_be_missing(tmp_path):
    state = {k: v for k, v in weights(random_model(1)).items() if 'num_batches' not in k}
    torch.save(state, tmp_path / 'w.pth')
    target = random_model(2)
    load_weights(target, tmp_path / 'w.pth')
    assert all(torch.equal(v, target.state_dict()[k]) for k, v in state.items())


def test_undefined_numbers_are_refused(tmp_path):
    state = weights(random_model(1))
    state['backbone.stem.0.conv.weight'][0] = float('nan')
    torch.save(state, tmp_path / 'w.pth')
    with pytest.raises(LitePoseError, match=r'infinite .* 1 tensors \(backbone.stem.0'):
        load_weights(random_model(2), tmp_path / 'w.pth')
