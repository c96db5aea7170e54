"""tools/test.py finds the same people, with the same AP, whatever the batch size."""

import importlib
import json
import pickle
import sys

import numpy as np
import pytest
import torch
from mmengine.config import config as config_module
from networks import TINY, litepose, make_it_see_people
from pipelines import ae_codec, ae_test_pipeline

from litepose_mm.checkpoints import save_weights
from litepose_mm.utils.paths import config_path, mim_root
from litepose_mm.zoo import get_model

NUM_IMAGES = 5
FLIP = {'model.test_cfg.flip_test': True}
SCALES = {
    'model.test_cfg.multiscale_test': True,
    'test_dataloader.dataset.pipeline.1.aug_scales': [0.5, 2.0],
}
PLAIN = {'model.test_cfg.flip_test': False}
VARIANTS = {'plain': PLAIN, 'flip': FLIP, 'flip and scales': {**FLIP, **SCALES}}

pytestmark = pytest.mark.slow


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A config for synthetic people, and random weights."""
    folder = tmp_path_factory.mktemp('evaluation')
    torch.manual_seed(0)
    state = make_it_see_people(litepose(TINY)).state_dict()
    weights = {name: v for name, v in state.items() if 'data_preprocessor' not in name}
    save_weights(weights, folder / 'weights.pth', {})
    base = config_path(get_model('litepose-xs_crowdpose').config)
    codec = ae_codec(input_size=(64, 64), decode_topk=2, decode_tag_thr=100.0)
    (folder / 'config.py').write_text(f"""
_base_ = r'{base}'
custom_imports = dict(imports=['litepose_mm.modules'])
arch = dict(_delete_=True, **{TINY.to_dict()!r})
codec = {codec!r}
model = dict(backbone=dict(arch=arch), head=dict(arch=arch, decoder=codec))
test_dataloader = dict(
    num_workers=0,
    persistent_workers=False,
    dataset=dict(
        _delete_=True,
        type='SyntheticPeopleDataset',
        keypoints='crowdpose',
        num_images={NUM_IMAGES},
        image_size=(96, 64),
        test_mode=True,
        pipeline={ae_test_pipeline(codec)!r}))
test_evaluator = dict(iou_type='keypoints', use_area=True, ann_file=r'{folder / 'truth.json'}')
default_hooks = dict(visualization=dict(enable=False))
""")
    (folder / 'shapes.py').write_text("""
_base_ = 'config.py'
wide = _base_.test_dataloader.dataset
tall = dict(wide, image_size=(64, 96))
test_dataloader = dict(dataset=dict(_delete_=True, type='ConcatDataset', datasets=[wide, tall]))
""")
    return folder


@pytest.fixture(scope='module')
def alone(folder):
    """AP and people with one image a batch, for each variant; the truth is what 'plain' finds."""
    write_truth(folder, [np.ones((1, 14, 2))])  # anybody, to be evaluated at all
    write_truth(folder, evaluate(folder, 1, PLAIN)[1])
    return {name: evaluate(folder, 1, changes) for name, changes in VARIANTS.items()}


def write_truth(folder, people):
    """Makes what was found, keypoints ``(N, K, 2)`` for each image, the truth."""
    annotations = [
        dict(
            image_id=image_id,
            category_id=1,
            iscrowd=0,
            keypoints=np.insert(keypoints, 2, 2, axis=1).ravel().tolist(),
            num_keypoints=len(keypoints),
            bbox=[*keypoints.min(axis=0).tolist(), *np.ptp(keypoints, axis=0).tolist()],
            area=float(np.ptp(keypoints, axis=0).prod()),
        )
        for image_id, found in enumerate(people)
        for keypoints in found
    ]
    document = dict(
        images=[dict(id=i, file_name=f'{i}', width=96, height=64) for i in range(NUM_IMAGES)],
        annotations=[dict(entry, id=number) for number, entry in enumerate(annotations, 1)],
        categories=[dict(id=1, name='person')],
    )
    (folder / 'truth.json').write_text(json.dumps(document))


def run_tool(config, *options):
    """Runs tools/test.py in this process; returns its exit status."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(mim_root() / 'tools')
        patch.delitem(sys.modules, 'test', raising=False)  # Python has a module of this name, too
        tool = importlib.import_module('test')
        # MMEngine's formatting of configs takes longer than the test
        patch.setattr(config_module, 'FormatCode', lambda text, **options: (text, True))
        command = ['test.py', config, config.with_name('weights.pth')]
        command += ['--work-dir', config.parent / 'work', *options]
        patch.setattr(sys, 'argv', list(map(str, command)))
        return tool.one_line_errors(tool.main)


def evaluate(folder, batch_size, changes):
    """AP, and the keypoints of the people on each image."""
    metrics, dump = folder / 'metrics.json', folder / 'predictions.pkl'
    changes = {'test_dataloader.batch_size': batch_size, **changes}
    options = [f'{key}={value}'.replace(' ', '') for key, value in changes.items()]
    config = folder / 'config.py'
    assert run_tool(config, '--out', metrics, '--dump', dump, '--cfg-options', *options) == 0
    samples = pickle.loads(dump.read_bytes())
    people = [np.asarray(sample['pred_instances']['keypoints']) for sample in samples]
    return json.loads(metrics.read_text())['crowdpose/AP'], people


@pytest.mark.parametrize('variant', VARIANTS)
def test_batches_find_the_same(folder, alone, variant):
    people = alone[variant][1]
    write_truth(folder, people)
    batched_ap, together = evaluate(folder, 3, VARIANTS[variant])  # three images, then two
    assert batched_ap == pytest.approx(1)
    for some, others in zip(together, people, strict=True):
        assert len(some) > 0
        np.testing.assert_allclose(some, others, atol=1e-2)


def test_each_variant_finds_something_else(alone):
    aps = [ap for ap, _ in alone.values()]
    assert aps[0] == pytest.approx(1) and 0 <= max(aps[1:]) < 0.5
    for _, people in list(alone.values())[:2]:
        assert not np.array_equal(people[0], alone['flip and scales'][1][0])


def test_images_of_different_shapes_are_one_line(folder, alone, capsys):
    config = folder / 'shapes.py'
    assert run_tool(config, '--cfg-options', 'test_dataloader.batch_size=3') == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith('test.py: error: ')
    assert 'got (64, 128), (128, 64)' in line and 'batch_size=1' in line
