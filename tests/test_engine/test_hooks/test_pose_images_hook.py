"""Images of validation: which images, what is on them, where they go, and what they cost."""

import copy
import json
import sys
import uuid

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import InstanceData, PixelData
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS, MODELS
from networks import TINY, litepose_config
from pipelines import ae_codec, ae_test_pipeline
from torch import nn

from litepose_mm.datasets.datasets import SyntheticPeopleDataset
from litepose_mm.engine.hooks import PoseImagesHook, pose_images_hook
from litepose_mm.errors import LitePoseError
from litepose_mm.structures import Skeleton

PIPELINE = ae_test_pipeline(ae_codec(input_size=(64, 64)))
SKELETON = Skeleton.from_metainfo(parse_pose_metainfo(SyntheticPeopleDataset.METAINFO))


@MODELS.register_module()
class KnowsTheTruth(BaseModel):
    """Finds exactly the people who are there; its maps are as high as its weight."""

    def __init__(self, maps=('heatmaps', 'tags'), **options):
        super().__init__(**options)
        self.test_cfg = {}
        self.weight = nn.Parameter(torch.tensor(0.75))
        self.maps = maps
        self.seen = []

    def forward(self, inputs, data_samples=None, mode='tensor'):
        if mode == 'loss':
            return dict(loss=self.weight.square())
        self.seen.append([sample.metainfo['img_id'] for sample in data_samples])
        for sample in data_samples:
            truth = sample.gt_instances
            sample.pred_instances = InstanceData(
                keypoints=truth.keypoints.copy(),
                keypoint_scores=np.array(truth.keypoints_visible, dtype=np.float32),
                bbox_scores=truth.bbox_scores,
            )
            if self.test_cfg.get('output_heatmaps') and self.maps:
                maps = self.weight.detach().expand(SKELETON.num_keypoints, 16, 16)
                sample.pred_fields = PixelData(**dict.fromkeys(self.maps, maps))
        return data_samples


def loader(dataset=None, batch_size=1, **options):
    default = dict(
        type='SyntheticPeopleDataset', num_images=8, image_size=(80, 60), pipeline=PIPELINE
    )
    return dict(
        batch_size=batch_size,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=dict(dataset or default, test_mode=True, **options),
    )


def knows_the_truth(**options):
    preprocessor = dict(type='PoseDataPreprocessor')
    return dict(type='KnowsTheTruth', data_preprocessor=preprocessor, **options)


def run(work_dir, hook, data=None, model=None, mode='val', **changes):
    """Validates, tests or trains; returns the runner."""
    data = data or loader()
    content = dict(
        default_scope='mmpose',
        model=model or knows_the_truth(),
        default_hooks=dict(visualization=dict(type='PoseImagesHook', **hook)),
        visualizer=dict(
            type='PoseLocalVisualizer',
            vis_backends=[dict(type='LocalVisBackend'), dict(type='OptionalTensorboardVisBackend')],
        ),
        log_processor=dict(type='ReadableLogProcessor'),
        work_dir=str(work_dir),
        experiment_name=uuid.uuid4().hex,
        **changes,
    )
    for name in ('val', 'test'):
        content[f'{name}_dataloader'] = data
        content[f'{name}_evaluator'] = dict(type='CocoMetric', nms_mode='none', prefix='x')
        content[f'{name}_cfg'] = {}
    if mode == 'train':
        content['train_dataloader'] = data
        content['train_cfg'] = dict(by_epoch=True, max_epochs=2, val_interval=1)
        content['optim_wrapper'] = dict(optimizer=dict(type='SGD', lr=0.1))
    runner = Runner.from_cfg(Config(copy.deepcopy(content)))
    getattr(runner, mode)()
    return runner


def images(work_dir):
    return sorted(path.name for path in work_dir.rglob('*/vis_image/*.png'))


def panels(path, count=4):
    sheet = cv2.imread(str(path))[60:-8]
    width = (sheet.shape[1] - 8) // count
    return [sheet[:, 8 + index * width : (index + 1) * width] for index in range(count)]


# --- which images


@pytest.mark.parametrize(
    'hook, batch_size, expected',
    [
        (dict(max_images=4), 1, [0, 2, 4, 6]),
        (dict(max_images=4), 3, [0, 2, 4, 6]),
        (dict(max_images=3), 1, [0, 2, 4]),
        (dict(max_images=20), 5, list(range(8))),
        (dict(interval=3), 2, [0, 3, 6]),
        (dict(max_images=0), 1, []),
        (dict(enable=False), 1, []),
    ],
)
def test_images_are_evenly_spaced_and_only_they_are_run_again(tmp_path, hook, batch_size, expected):
    runner = run(tmp_path, hook, loader(batch_size=batch_size))
    assert images(tmp_path) == [f'val_{index:06d}_0.png' for index in expected]
    again = [ids for ids in runner.model.seen if len(ids) == 1]
    others = -(-8 // batch_size)
    assert len(runner.model.seen) == others + len(expected)
    assert batch_size == 1 or again == [[index] for index in expected]
    assert runner.model.test_cfg == {}  # as it was


def test_training_draws_the_same_images_after_every_epoch(tmp_path):
    run(tmp_path, dict(max_images=2), mode='train')
    names = [f'val_{index:06d}_{epoch}.png' for index in (0, 4) for epoch in (1, 2)]
    assert images(tmp_path) == names


def test_other_processes_draw_only_into_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(pose_images_hook, 'is_main_process', lambda: False)
    runner = run(tmp_path, {})
    assert images(tmp_path) == [] and len(runner.model.seen) == 8
    run(tmp_path, dict(out_dir=str(tmp_path / 'out'), max_images=2), mode='test')
    names = sorted(path.name for path in (tmp_path / 'out').iterdir())
    assert names == ['test_000000.png', 'test_000004.png']


def test_share_of_a_process(tmp_path, monkeypatch):
    monkeypatch.setattr(pose_images_hook, 'get_world_size', lambda: 2)
    run(tmp_path, dict(max_images=4))  # expects 4 images in its share, and draws them all
    assert images(tmp_path) == [f'val_{index:06d}_0.png' for index in range(4)]


# --- what is on them


def test_what_is_found_is_drawn_where_the_truth_is(tmp_path):
    run(tmp_path, dict(max_images=1))
    truth, found, heatmaps, tags = panels(next(tmp_path.rglob('val_000000_0.png')))
    np.testing.assert_array_equal(truth, found)
    assert (truth != heatmaps).any() and (tags != heatmaps).any()
    colors = {tuple(color[::-1]) for color in SKELETON.link_colors}
    close = [(np.abs(truth.astype(int) - color).sum(axis=2) < 60).sum() for color in colors]
    assert max(close) > 20  # there are limbs in their colours


@pytest.mark.parametrize('size', [(80, 60), (50, 90)])
def test_people_lie_on_the_input_where_the_image_has_them(tmp_path, size):
    data, places = dots_on_file(tmp_path, size)
    sample = DATASETS.build(data)[0]
    image = pose_images_hook._input_image([sample['inputs']])
    people = pose_images_hook._people(
        sample['data_samples'], 'gt_instances', 'keypoints_visible', SKELETON, image
    )
    assert image.shape[:2] == tuple(sample['inputs'].shape[1:])
    zoom = image.shape[:2][size[0] < size[1] and 1] / min(size)
    for x, y in people.keypoints[0][: len(places)]:
        around = image[round(y - 2 * zoom) :, round(x - 2 * zoom) :][
            : round(4 * zoom), : round(4 * zoom), 0
        ].astype(float)
        rows, columns = np.indices(around.shape)
        center = [(axis * around).sum() / around.sum() for axis in (rows, columns)]
        np.testing.assert_allclose(center, 2 * zoom, atol=0.8)


def dots_on_file(folder, size):
    """A data set of one file: a black image with a white dot at each of three keypoints."""
    image, places = np.zeros((size[1], size[0], 3), np.uint8), [(12, 14), (40, 15), (24, 48)]
    for x, y in places:
        image[y - 1 : y + 2, x - 1 : x + 2] = 255
    cv2.imwrite(str(folder / 'dots.png'), image)
    keypoints = np.zeros((17, 3))
    keypoints[:3] = [(*place, 2) for place in places]
    document = dict(
        images=[dict(id=7, file_name='dots.png', width=size[0], height=size[1])],
        annotations=[
            dict(
                id=70,
                image_id=7,
                category_id=1,
                iscrowd=0,
                area=900,
                num_keypoints=3,
                keypoints=keypoints.ravel().tolist(),
                bbox=[10, 10, 35, 40],
            )
        ],
        categories=[dict(id=1, name='person', keypoints=[], skeleton=[])],
    )
    (folder / 'ann.json').write_text(json.dumps(document))
    return dict(
        type='CocoDataset',
        data_root=str(folder),
        ann_file='ann.json',
        data_mode='bottomup',
        pipeline=PIPELINE,
        test_mode=True,
    ), places


def test_data_set_of_files(tmp_path):
    data, _ = dots_on_file(tmp_path, (80, 60))
    run(tmp_path / 'work', dict(out_dir=str(tmp_path / 'out')), loader(data), mode='test')
    assert images(tmp_path / 'work') == ['test_dots_7_0.png']
    (path,) = (tmp_path / 'out').iterdir()
    assert path.name == 'test_dots_7.png'
    assert len({panel.shape for panel in panels(path)}) == 1


@pytest.mark.parametrize('maps', [(), ('heatmaps',)])
def test_model_without_tags_and_model_without_maps(tmp_path, maps):
    run(tmp_path, dict(max_images=1), model=knows_the_truth(maps=maps))
    (path,) = tmp_path.rglob('val_000000_0.png')
    assert cv2.imread(str(path)).shape[1] == 8 + (2 + len(maps)) * 392


@pytest.mark.parametrize('aug_scales', [None, [0.5]])
def test_litepose_itself(tmp_path, aug_scales):
    test_cfg = dict(flip_test=True, multiscale_test=aug_scales is not None)
    model = litepose_config(TINY, num_keypoints=17, test_cfg=test_cfg)
    pipeline = ae_test_pipeline(ae_codec(input_size=(64, 64)), aug_scales)
    run(tmp_path, dict(max_images=1), loader(pipeline=pipeline), model)
    (name,) = tmp_path.rglob('val_000000_0.png')
    assert cv2.imread(str(name)).shape == (60 + 192 + 8, 8 + 4 * 392, 3)


def test_top_down_model(tmp_path):
    codec = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=1)
    model = dict(
        type='TopdownPoseEstimator',
        data_preprocessor=dict(type='PoseDataPreprocessor'),
        backbone=dict(type='LitePose', arch=TINY.to_dict(), out_indices=(4,)),
        head=dict(
            type='HeatmapHead',
            in_channels=24,
            out_channels=17,
            deconv_out_channels=(8, 8),
            deconv_kernel_sizes=(4, 4),
            loss=dict(type='KeypointMSELoss'),
            decoder=codec,
        ),
        test_cfg=dict(flip_test=False),
    )
    pipeline = [
        dict(type='LoadImage'),
        dict(type='GetBBoxCenterScale'),
        dict(type='TopdownAffine', input_size=(48, 64)),
        dict(type='PackPoseInputs'),
    ]
    data = loader(pipeline=pipeline, data_mode='topdown', num_images=2)
    runner = run(tmp_path, dict(out_dir=str(tmp_path / 'out'), interval=1), data, model, 'test')
    names = {path.name for path in (tmp_path / 'out').iterdir()}
    assert len(names) == len(runner.test_dataloader.dataset) > 2  # an image for each person
    for name in names:
        assert cv2.imread(str(tmp_path / 'out' / name)).shape == (60 + 384 + 8, 8 + 3 * 296, 3)


# --- where they go


def test_tensorboard_has_curves_and_images(tmp_path):
    accumulator = pytest.importorskip('tensorboard.backend.event_processing.event_accumulator')
    scheduler = dict(type='LinearLR', start_factor=0.5, end=2)
    runner = run(tmp_path, dict(max_images=1), mode='train', param_scheduler=scheduler)
    (file,) = tmp_path.rglob('events.out.tfevents*')
    assert file.parent.name == 'vis_data' and file.parent.parent.name == runner.timestamp
    events = accumulator.EventAccumulator(str(file)).Reload()
    assert [event.value for event in events.Scalars('lr')] == pytest.approx([0.05, 0.1])
    assert [event.step for event in events.Scalars('loss')] == [8, 16]
    assert [event.value for event in events.Scalars('x/AP')] == [1, 1]
    images = events.Images('val_000000')
    assert [(event.step, event.width) for event in images] == [(1, 8 + 4 * 392), (2, 8 + 4 * 392)]


def test_without_tensorboard_one_line_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'torch.utils.tensorboard', None)
    run(tmp_path, dict(max_images=1))
    log = next(tmp_path.rglob('*.log')).read_text()
    (line,) = [line for line in log.splitlines() if 'is not installed' in line]
    assert 'pip install tensorboard' in line and str(tmp_path) in line
    assert images(tmp_path) == ['val_000000_0.png']


def test_window_that_cannot_be_opened(tmp_path, monkeypatch):
    def fail(*args, **options):
        raise cv2.error('not implemented')

    monkeypatch.setattr('cv2.namedWindow', fail)
    with pytest.raises(LitePoseError, match='--show-dir'):
        run(tmp_path, dict(show=True))


@pytest.mark.parametrize('options', [dict(interval=0), dict(max_images=-1)])
def test_numbers_out_of_range(options):
    with pytest.raises(LitePoseError, match='max_images .* interval'):
        PoseImagesHook(**options)
