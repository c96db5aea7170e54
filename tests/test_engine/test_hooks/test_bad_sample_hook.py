import numpy as np
import pytest
import toy_training as toy
from mmcv.transforms import BaseTransform
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.datasets.transforms.mix_img_transforms import MixImageTransform
from mmpose.registry import DATASETS, TRANSFORMS

from litepose_mm.engine.hooks import BadSampleError, BadSampleHook
from litepose_mm.engine.hooks.bad_sample_hook import find_problem
from litepose_mm.errors import LitePoseError


@pytest.fixture
def images(tmp_path):
    return toy.write_images(tmp_path / 'images')


def runner_of(images, work_dir, policy, workers, validate=False, hooks=(), **dataset):
    content = toy.config(images, work_dir, randomness=dict(seed=1))
    content['train_dataloader']['num_workers'] = workers
    content['train_dataloader']['dataset'].update(dataset)
    content['custom_hooks'][-1]['policy'] = policy
    content['custom_hooks'].extend(hooks)
    if not validate:
        content.update(val_cfg=None, val_dataloader=None, val_evaluator=None)
        content['default_hooks']['checkpoint'].pop('save_best')
    return Runner.from_cfg(Config(content))


@pytest.mark.parametrize('workers', [0, 2])
def test_stop_names_file_and_ids_in_one_line(images, tmp_path, workers):
    (images / '3.png').write_bytes(b'no image')
    with pytest.raises(BadSampleError) as error:
        runner_of(images, tmp_path / 'work', 'stop', workers).train()
    assert str(error.value) == (
        f'bad sample: {images / "3.png"} (image id 3; annotation ids 30): img_path: cannot be '
        'read: not an image (OSError)'
    )


@pytest.mark.parametrize('workers', [0, 2])
def test_skip_counts_and_names_once(images, tmp_path, workers):
    for name in '35':
        (images / f'{name}.png').write_bytes(b'')
    runner = runner_of(images, tmp_path / 'work', 'skip', workers)
    runner.train()
    log = next((tmp_path / 'work').rglob(f'{runner.timestamp}.log')).read_text()
    assert log.count(': 2 bad samples were skipped') == 3  # epochs
    assert runner.message_hub.get_info('num_skipped_samples') == 2
    for name in '35':
        assert log.count(f'Skipped bad sample: {images / name}.png') == 1


@pytest.mark.parametrize('seed', range(5))
def test_skipping_ends_whatever_is_drawn(images, tmp_path, seed):
    for name in '0246':
        (images / f'{name}.png').write_bytes(b'')
    runner = runner_of(images, tmp_path / 'work', 'skip', 0)
    runner.train_loop._max_epochs = 12
    runner.set_randomness(seed=seed)
    runner.train()
    assert runner.epoch == 12
    assert runner.message_hub.get_info('num_skipped_samples') == 4


@pytest.mark.parametrize('workers', [0, 2])
def test_nothing_but_bad_samples_is_one_line(images, tmp_path, workers):
    for path in images.iterdir():
        path.write_bytes(b'')
    with pytest.raises(BadSampleError, match='all 8 samples of the data set are bad, the last one'):
        runner_of(images, tmp_path / 'work', 'skip', workers).train()


@DATASETS.register_module()
class MixedToyData(toy.ToyData):
    """Tells its transforms where other samples are, as MMPose's data sets do."""

    def prepare_data(self, index):
        return self.pipeline(dict(self.get_data_info(index), dataset=self))


@TRANSFORMS.register_module()
class ToyRead(BaseTransform):
    def transform(self, results):
        if toy.cv2.imread(results['img_path']) is None:
            raise OSError('not an image')
        return results


@TRANSFORMS.register_module()
class ToyMix(MixImageTransform):
    num_aux_image = 3

    def apply_mix(self, results):
        return results


def mixing(later):
    """Options of :func:`runner_of`: samples are mixed, or a hook says that they are to be."""
    plain = [dict(type='ToyTransform')]
    # as a mix of mixes, to look for the image at any depth
    inner = dict(type='ToyMix', pre_transform=[dict(type='ToyRead')])
    mixed = [dict(type='ToyMix', pre_transform=[dict(type='ToyRead'), inner]), *plain]
    switch = dict(type='PipelineSwitchHook', switch_epoch=0, switch_pipeline=mixed)
    return dict(
        type='MixedToyData', pipeline=plain if later else mixed, hooks=[switch] if later else ()
    )


@pytest.mark.parametrize('later', [False, True])
def test_stop_names_the_image_that_was_to_be_mixed_in(images, tmp_path, later):
    (images / '3.png').write_bytes(b'no image')
    with pytest.raises(BadSampleError) as error:
        runner_of(images, tmp_path / 'work', 'stop', 0, **mixing(later)).train()
    assert str(error.value) == (
        f'bad sample: {images / "3.png"} (image id 3; annotation ids 30): img_path: cannot be '
        'read: not an image (OSError)'
    )


@pytest.mark.parametrize('later', [False, True])
def test_skip_counts_the_image_that_was_to_be_mixed_in(images, tmp_path, later):
    (images / '3.png').write_bytes(b'')
    runner = runner_of(images, tmp_path / 'work', 'skip', 0, **mixing(later))
    runner.train()
    log = next((tmp_path / 'work').rglob(f'{runner.timestamp}.log')).read_text()
    assert log.count(': 1 bad samples were skipped') == 3  # epochs
    assert log.count('Skipped bad sample: ') == 1
    assert f'Skipped bad sample: {images / "3.png"} (image id 3;' in log


def test_validation_always_stops(images, tmp_path):
    (images / '3.png').write_bytes(b'')
    runner = runner_of(images, tmp_path / 'work', 'skip', 0, validate=True)
    with pytest.raises(BadSampleError, match='3.png'):
        runner.train()


@pytest.mark.parametrize(
    'changes, expected',
    [
        ({}, None),
        (dict(keypoints=np.full((2, 2, 2), np.nan)), 'keypoints of annotation 7: not finite'),
        (dict(keypoints=np.zeros((2, 3, 2))), 'keypoints: expected 2 keypoints, got 3'),
        (dict(keypoints=np.array([['a', 'b']])), 'keypoints: expected numbers, got <U1'),
        (
            dict(bbox=np.zeros((2, 3))),
            r'bbox: expected 4 numbers each, got an array of shape (2, 3)',
        ),
        (dict(bbox=np.array([[0, 0, 1, 1], [0, 0, 1, np.inf]])), 'bbox of annotation 8: not'),
        (dict(keypoints=None, bbox=None), None),
    ],
)
def test_find_problem(changes, expected):
    sample = dict(
        id=[7, 8], flip_indices=[1, 0], keypoints=np.zeros((2, 2, 2)), bbox=np.zeros((2, 4))
    )
    found = find_problem({**sample, **changes})
    assert found is None if expected is None else found.startswith(expected)


def test_policy_is_checked():
    with pytest.raises(LitePoseError, match="policy: expected .* got 'ignore'"):
        BadSampleHook(policy='ignore')
