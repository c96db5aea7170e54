"""Every config builds, has the figures of the zoo, and runs forward and, bottom-up, end to end."""

import re
from copy import deepcopy

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmpose.apis import inference_bottomup, init_model
from networks import make_it_see_people

import litepose_mm.modules  # noqa: F401
from litepose_mm.analysis.complexity import measure_complexity
from litepose_mm.utils.paths import mim_root
from litepose_mm.zoo import MODELS
from litepose_mm.zoo.shipped_weights import shipped_weights

CONFIGS = sorted(path for path in (mim_root() / 'configs/body_2d_keypoint').rglob('*.py'))
ZOO = {entry.config: entry for entry in MODELS.values()}


def _name(path):
    return path.stem


@pytest.mark.parametrize('path', CONFIGS, ids=_name)
def test_config(path):
    model = init_model(str(path), None, device='cpu')
    config = model.cfg
    width, height = config.codec['input_size']
    assert path.stem.endswith((f'-{width}x{height}', f'-{height}x{width}'))
    assert config.custom_imports['imports'] == ['litepose_mm.modules']
    assert Config.fromstring(config.pretty_text, '.py').model == config.model  # as a run keeps it
    gpus, batch = map(int, re.search(r'_(\d+)xb(\d+)-', path.stem).groups())
    assert config.train_dataloader.batch_size == batch
    assert config.auto_scale_lr.base_batch_size == gpus * batch

    result = measure_complexity(deepcopy(model).to('meta'), (3, height, width))
    entry = ZOO.get(path.relative_to(mim_root() / 'configs').as_posix())
    if entry is not None:
        assert (result.params, result.macs, result.paper_macs) == (
            entry.params,
            entry.macs,
            entry.paper_macs,
        )
        assert (width, height) == entry.input_size
        assert model.dataset_meta['num_keypoints'] == entry.num_keypoints
        assert model.dataset_meta['dataset_name'] == entry.dataset

    keypoints, bottomup = model.dataset_meta['num_keypoints'], 'Bottomup' in config.model.type
    size = (64, 96) if bottomup else (height, width)
    outputs = model.head.forward(model.extract_feat(torch.zeros(1, 3, *size)))
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    if bottomup:
        assert [output.shape[1] for output in outputs] == list(model.head.level_channels)
        assert all(64 * output.shape[3] == 96 * output.shape[2] for output in outputs)
    else:
        assert all(output.shape[1] == keypoints for output in outputs)

    # Several processes wait for the gradient of every parameter, unless they are told not to.
    sum(output.sum() for output in outputs).backward()
    unused = [name for name, each in model.named_parameters() if each.grad is None]
    assert not unused or config.get('find_unused_parameters'), unused


def test_every_zoo_entry_has_its_config():
    assert set(ZOO) <= {p.relative_to(mim_root() / 'configs').as_posix() for p in CONFIGS}


@pytest.mark.parametrize('path', CONFIGS, ids=_name)
def test_checkpoints_are_named_after_the_zoo(path):
    config = Config.fromfile(path)
    dataset, start = path.parent.name, config.load_from
    if start is not None and start.startswith('work_dirs/'):
        # the last checkpoint of a config beside it
        _, stem, checkpoint = start.split('/')
        first = Config.fromfile(path.with_name(f'{stem}.py'))
        assert checkpoint == f'epoch_{first.train_cfg.max_epochs}.pth'
        assert first.model.backbone == config.model.backbone
    elif start is not None:
        assert start in shipped_weights() or re.fullmatch(r'checkpoints/[\w-]+\.pth', start)
        assert config.model.backbone.arch in start or 'narrowed' in start
    if dataset not in ('coco', 'crowdpose'):
        return
    teacher = config.model.get('teacher')
    if teacher is not None:
        name = teacher if isinstance(teacher, str) else f'{teacher.backbone.arch}_{dataset}'
        assert name in MODELS
        assert config.model.teacher_weights == f'checkpoints/{name}.pth'
        width, height = config.model.teacher_input_size
        assert (width, height) == MODELS[name].input_size


@pytest.mark.parametrize(
    'path',
    [p for p in CONFIGS if {'associative_embedding', 'part_affinity_fields'} & set(p.parts)],
    ids=_name,
)
@pytest.mark.parametrize('flip', [False, True])
def test_bottomup_configs_infer(path, flip):
    torch.manual_seed(0)
    config = Config.fromfile(path)
    for step in config.test_dataloader.dataset.pipeline:
        if step['type'].startswith('BottomupResize'):
            step['input_size'] = (64, 64)
    config.model.test_cfg['flip_test'] = flip
    config.model.head.decoder['decode_topk'] = 3
    if 'part_affinity_fields' in path.parts:  # random fields hardly ever agree with limbs
        easy = dict(decode_topk=30, decode_min_success=0.0, decode_min_keypoints=2)
        config.model.head.decoder.update(easy)
    model = init_model(config, None, device='cpu')
    make_it_see_people(model)
    image = np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)
    people = inference_bottomup(model, image)[0].pred_instances
    keypoints = model.dataset_meta['num_keypoints']
    assert len(people.keypoints) > 0
    assert people.keypoints.shape[1:] == (keypoints, 2)
    assert len(people.keypoints) == len(people.bbox_scores) == len(people.keypoint_scores)
    if 'associative_embedding' in path.parts:
        num_tags = sum(model.head.tag_levels) * (1 + flip)
        assert people.tags.shape == (len(people.keypoints), num_tags)


def test_topdown_config_predicts():
    path = next(p for p in CONFIGS if p.stem.startswith('simcc_litepose'))
    from mmpose.apis import inference_topdown

    model = init_model(str(path), None, device='cpu')
    image = np.zeros((64, 48, 3), dtype=np.uint8)
    result = inference_topdown(model, image)[0].pred_instances
    assert result.keypoints.shape == (1, 17, 2)
