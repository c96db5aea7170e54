"""Configs are plain data, show every number of a training, and can be overridden."""

import ast

import pytest
from mmengine.config import Config
from mmpose.registry import TRANSFORMS

import litepose_mm.modules  # noqa: F401
from litepose_mm.utils.paths import mim_root

ROOT = mim_root() / 'configs'
FILES = sorted(ROOT.rglob('*.py'))
CONFIGS = sorted((ROOT / 'body_2d_keypoint').rglob('*.py'))

# What MMEngine, MMPose and the tools of this project read; anything else is a helper.
# fmt: off
KEYS = {
    'default_scope', 'custom_imports', 'default_hooks', 'custom_hooks', 'env_cfg', 'vis_backends',
    'visualizer', 'log_processor', 'log_level', 'load_from', 'resume', 'backend_args',
    'train_cfg', 'val_cfg', 'test_cfg', 'optim_wrapper', 'param_scheduler', 'auto_scale_lr',
    'train_dataloader', 'val_dataloader', 'test_dataloader', 'val_evaluator', 'test_evaluator',
    'model', 'codec', 'dataset_type', 'data_mode', 'data_root', 'find_unused_parameters',
    'search_space', 'search_dataloader', 'search_evaluator', 'finetune', 'alone', 'arch',
}
# fmt: on
SHOWN = {
    'BottomupRandomAffineAlign': ('input_size', 'scale_factor', 'rotate_factor', 'shift_factor'),
    'RandomBBoxTransform': ('scale_factor', 'rotate_factor', 'shift_factor'),
    'RandomFlip': ('prob',),
    'RandomHalfBody': ('prob',),
    'GenerateTarget': ('encoder',),
    'RandomMosaic': ('output_size', 'tiles', 'scale_factor'),
    'MultiStepLR': ('begin', 'end', 'milestones', 'gamma'),
    'LinearLR': ('begin', 'end', 'start_factor'),
    'CosineAnnealingLR': ('begin', 'end', 'eta_min_ratio'),
    'PipelineSwitchHook': ('switch_epoch',),
    'EMAHook': ('momentum',),
    'MultiLevelAssociativeEmbedding': ('input_size', 'heatmap_sizes', 'sigma'),
    'PartAffinityFields': ('input_size', 'heatmap_size', 'sigma', 'thickness'),
}


def _name(path):
    return path.stem


def _dicts(value):
    """All mappings in a value, itself included."""
    if isinstance(value, dict):
        yield value
    elif not isinstance(value, (list, tuple)):
        return
    for part in value.values() if isinstance(value, dict) else value:
        yield from _dicts(part)


def _values(value):
    """All values that are no mapping or sequence."""
    if isinstance(value, (dict, list, tuple)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _values(part)
    else:
        yield value


@pytest.mark.parametrize('path', FILES, ids=_name)
def test_files_import_and_call_nothing(path):
    for node in ast.walk(ast.parse(path.read_text(encoding='utf-8'))):
        assert not isinstance(node, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.Lambda))
        if isinstance(node, ast.Call):
            assert getattr(node.func, 'id', None) in ('dict', 'list', 'range'), ast.unparse(node)


@pytest.mark.parametrize('path', CONFIGS, ids=_name)
def test_numbers_of_the_training_are_shown(path):
    config = Config.fromfile(path).to_dict()
    assert set(config) <= KEYS
    assert all(isinstance(value, (str, int, float, type(None))) for value in _values(config))
    for part in _dicts(config):
        missing = set(SHOWN.get(part.get('type'), ())) - set(part)
        assert not missing, (part['type'], missing)
    transforms = [each['type'] for each in config['train_dataloader']['dataset']['pipeline']]
    assert {'BottomupRandomAffineAlign', 'RandomBBoxTransform'} & set(transforms)
    assert config['codec']['sigma'] > 0
    wrapper, schedulers = config['optim_wrapper'], config['param_scheduler']
    if 'weights' in wrapper:  # weights and architecture are trained in turns
        wrapper, schedulers = wrapper['weights'], schedulers['weights']
    assert wrapper['optimizer']['lr'] > 0
    assert schedulers[-1]['end'] >= config['train_cfg']['max_epochs'] > 0
    assert f'-{config["train_cfg"]["max_epochs"]}e' in path.stem


@pytest.mark.parametrize('path', CONFIGS, ids=_name)
def test_sizes_agree(path):
    config = Config.fromfile(path).to_dict()
    codec = config['codec']
    size = codec['input_size']
    assert config['model']['head']['decoder'] == codec
    for part in _dicts(config):
        for level, stride in zip(part.get('heatmap_sizes', ()), (4, 2)):
            assert [side * stride for side in level] == list(part['input_size'])
    for mosaic in config['model']['data_preprocessor'].get('batch_augments', ()):
        assert mosaic['output_size'] == size
    for loader in ('val_dataloader', 'test_dataloader', 'search_dataloader'):
        for step in config.get(loader, {}).get('dataset', {}).get('pipeline', ()):
            assert step.get('input_size', size) == size

    pipelines = [config['train_dataloader']['dataset']['pipeline']]
    pipelines += [
        hook['switch_pipeline']
        for hook in config.get('custom_hooks', ())
        if hook['type'] == 'PipelineSwitchHook'
    ]
    for pipeline in pipelines:
        steps = {step['type']: step for step in pipeline}
        if 'GenerateTarget' in steps:  # images of a mosaic have no targets
            encoder = steps['GenerateTarget']['encoder']
            warp = steps.get('TopdownAffine') or steps['BottomupRandomAffineAlign']
            assert warp['input_size'] in (encoder['input_size'], min(encoder['input_size']))
    if 'GenerateTarget' in steps:
        assert encoder == codec  # in the last epochs, training sees what tests see


def test_overrides_take_effect():
    config = Config.fromfile(next(path for path in CONFIGS if 'litepose-s_8xb16-500e' in path.stem))
    pipeline = 'train_dataloader.dataset.pipeline'
    config.merge_from_dict(
        {
            f'{pipeline}.1.rotate_factor': 15,
            f'{pipeline}.3.encoder.sigma': 3,
            'default_hooks.bad_sample.policy': 'skip',
        }
    )
    affine, target = (
        TRANSFORMS.build(config.train_dataloader.dataset.pipeline[index]) for index in (1, 3)
    )
    assert affine.rotate_factor == 15
    assert set(target.encoder.sigmas) == {3}
    assert config.default_hooks.bad_sample == dict(type='BadSampleHook', policy='skip')
