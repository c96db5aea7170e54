"""Networks of a supernet are extracted, calibrated and validated."""

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import BaseMetric
from mmpose.models import build_pose_estimator
from mmpose.registry import METRICS
from pipelines import ae_codec, ae_test_pipeline, ae_train_pipeline, tile_pipeline
from processes import run_together
from supernets import LARGEST, SPACE, supernet_config

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import SubnetEvaluator, calibrate, copy_subnet, subnet_model
from litepose_mm.nas.evaluator import _of_one_shape


def config():
    codec = ae_codec((64, 64))
    scenes = dict(
        type='SyntheticPeopleDataset', image_size=(64, 64), keypoints='crowdpose', people=(1, 2)
    )
    train = dict(scenes, num_images=6, pipeline=ae_train_pipeline(codec))
    val = dict(scenes, num_images=2, seed=1, pipeline=ae_test_pipeline(codec), test_mode=True)
    return Config(
        dict(
            model=supernet_config(LARGEST),
            train_dataloader=dict(
                batch_size=2, dataset=dict(type='RepeatDataset', times=2, dataset=train)
            ),
            val_dataloader=dict(batch_size=1, dataset=val),
            val_evaluator=dict(
                type='SampleTruthCocoMetric',
                nms_mode='none',
                score_mode='bbox',
                use_area=False,
                iou_type='keypoints_crowd',
                prefix='synthetic',
            ),
        )
    )


@pytest.fixture
def evaluator():
    torch.manual_seed(0)
    supernet = build_pose_estimator(config().model).eval()
    return SubnetEvaluator(supernet, config(), calibration_batches=2)


def norms(model):
    return {name: value for name, value in model.state_dict().items() if 'running' in name}


def test_calibration_is_the_exact_average():
    norm = torch.nn.BatchNorm2d(3, momentum=0.2)
    norm.running_mean.fill_(9)
    model = torch.nn.Sequential(norm, torch.nn.Dropout()).eval()
    batches = [torch.randn(4, 3, 5, 5) * scale for scale in (1, 2, 3)]
    assert calibrate(model, batches, model) == 3
    mean = torch.stack([batch.mean((0, 2, 3)) for batch in batches]).mean(0)
    var = torch.stack([batch.var((0, 2, 3)) for batch in batches]).mean(0)
    torch.testing.assert_close(norm.running_mean, mean)
    torch.testing.assert_close(norm.running_var, var)
    assert (norm.training, norm.momentum) == (False, 0.2)
    with pytest.raises(LitePoseError, match='at least one batch'):
        calibrate(model, [], model)


@pytest.mark.parametrize('arch', [LARGEST, SPACE.smallest])
def test_a_network_is_calibrated_and_the_supernet_is_not(evaluator, arch):
    before = norms(evaluator.supernet)
    before = {name: value.clone() for name, value in before.items()}
    subnet = evaluator.subnet(arch)
    for name, value in norms(evaluator.supernet).items():
        assert torch.equal(value, before[name])
    # weights are the supernet's, statistics those of its own maps
    copied = build_pose_estimator(subnet_model(config().model, arch))
    copy_subnet(evaluator.supernet, copied)
    for name, value in copied.state_dict().items():
        same = torch.equal(subnet.state_dict()[name], value)
        assert same or 'running' in name or 'num_batches' in name
    stem = subnet.backbone.stem[0]
    seen = []
    for batch in evaluator._batches('train', arch):
        images = subnet.data_preprocessor(batch, training=True)['inputs']
        assert images.shape[2:] == (arch.img_size, arch.img_size)
        seen.append(stem.conv(images).mean((0, 2, 3)))
    torch.testing.assert_close(stem.bn.running_mean, torch.stack(seen).mean(0))


def test_evaluation_is_deterministic_and_at_the_networks_resolution(evaluator):
    archs = [LARGEST, SPACE.smallest]
    np.random.seed(5)
    state = np.random.get_state()[1].copy()
    scores = evaluator(archs)
    assert np.array_equal(np.random.get_state()[1], state)
    supernet = build_pose_estimator(config().model).eval()
    supernet.load_state_dict(evaluator.supernet.state_dict())
    again = SubnetEvaluator(supernet, config(), calibration_batches=2, cache=False)
    assert again(archs) == again(archs) == scores
    assert all(-1 <= score <= 1 for score in scores)
    loaded = evaluator._loaded
    shapes = {key: tuple(batch[0]['inputs'][0].shape[1:]) for key, batch in loaded.items()}
    assert shapes == {
        (split, size): (side, side)
        for split in ('train', 'val')
        for size, side in ((64, 64), (32, 32 if split == 'train' else 64))
    }
    metrics = evaluator.metrics(LARGEST)
    assert next(iter(metrics)) == 'synthetic/AP' and metrics['synthetic/AP'] == scores[0]


def test_the_plain_config_has_nothing_elastic():
    model = subnet_model(config().model, SPACE.smallest)
    assert 'lastic' not in str(model) and 'upernet' not in str(model)
    assert model['head']['decoder']['input_size'] == (32, 32)
    network = build_pose_estimator(model)
    assert network.backbone.arch == SPACE.smallest
    with pytest.raises(LitePoseError, match='model.type: .*supernet'):
        subnet_model(model, SPACE.smallest)
    with pytest.raises(LitePoseError, match='calibration_batches: .*1, got 0'):
        SubnetEvaluator(network, config(), calibration_batches=0)


@METRICS.register_module()
class MeanScore(BaseMetric):
    """Of all that is found: random networks differ in it, and not in AP."""

    default_prefix = 'mean'

    def process(self, data_batch, data_samples):
        self.results += [sample['pred_instances']['bbox_scores'] for sample in data_samples]

    def compute_metrics(self, results):
        return dict(score=float(np.concatenate(results).mean()), count=len(results))


def evaluate(archs):
    """In a process of a group."""
    torch.manual_seed(0)
    supernet = build_pose_estimator(config().model).eval()
    own = config()
    own.val_evaluator = dict(type='MeanScore')
    return SubnetEvaluator(supernet, own, calibration_batches=1).spread(archs)


def test_what_batches_are_augmented_by_is_the_same_every_time():
    own = config()
    own.train_dataloader.dataset.dataset.pipeline = tile_pipeline(32)
    mosaic = dict(type='RandomMosaic', output_size=(64, 64))
    own.model.data_preprocessor.batch_augments = [mosaic]
    torch.manual_seed(0)
    supernet = build_pose_estimator(own.model).eval()
    found = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        found.append(norms(SubnetEvaluator(supernet, own, calibration_batches=2).subnet(LARGEST)))
        assert torch.initial_seed() == seed
    assert all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_missing_images_are_one_line():
    own = config()
    own.train_dataloader.dataset = dict(
        type='CrowdPoseDataset', ann_file='nowhere.json', data_mode='bottomup', pipeline=[]
    )
    supernet = build_pose_estimator(own.model).eval()
    with pytest.raises(LitePoseError, match='nowhere.json'):
        SubnetEvaluator(supernet, own).subnet(LARGEST)


def test_images_of_one_shape_share_a_batch():
    shapes = [(3, 4, 6), (3, 8, 8), (3, 4, 6), (3, 4, 6), (3, 8, 8), (3, 4, 6)]
    samples = [
        dict(inputs=torch.full(shape, number), data_samples=number)
        for number, shape in enumerate(shapes)
    ]
    batches = _of_one_shape(samples, 3)
    assert [batch['data_samples'] for batch in batches] == [[0, 2, 3], [5], [1, 4]]
    assert [int(image.max()) for batch in batches for image in batch['inputs']] == [
        0,
        2,
        3,
        5,
        1,
        4,
    ]
    scales = [dict(inputs=[torch.zeros(3, 4, side), torch.zeros(3, 8, 8)]) for side in (4, 8, 4)]
    assert [len(batch['inputs'][0]) for batch in _of_one_shape(scales, 8)] == [2, 1]


def test_what_is_measured_is_what_a_test_of_the_network_gives(evaluator):
    """Although layers are merged and several images share a batch."""
    own = Config(evaluator.config.to_dict())
    own.val_evaluator = dict(type='MeanScore')
    whole = SubnetEvaluator(evaluator.supernet, own, calibration_batches=2)
    network = whole.subnet(LARGEST)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    scores = [
        person
        for batch in whole._batches('val', LARGEST)
        for inputs, sample in zip(batch['inputs'], batch['data_samples'])
        for (found,) in [network.val_step(dict(inputs=[inputs], data_samples=[sample]))]
        for person in found.pred_instances.bbox_scores
    ]
    metrics = whole.metrics(LARGEST, network)
    assert metrics['mean/score'] == pytest.approx(float(np.mean(scores)), rel=1e-4)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_metrics_are_plain_numbers(evaluator):
    assert {type(value) for value in evaluator.metrics(LARGEST).values()} <= {int, float}


def test_processes_share_the_networks():
    archs = [LARGEST, SPACE.smallest, SPACE.uniform(0.5)]
    alone = evaluate(archs)
    assert len({metrics['mean/score'] for metrics in alone}) == 3
    assert {metrics['mean/count'] for metrics in alone} == {2}
    assert run_together(evaluate, archs) == [alone, alone]


def test_images_of_the_search_are_not_those_of_the_report(capsys):
    torch.manual_seed(0)
    supernet = build_pose_estimator(config().model).eval()
    own = config()
    own.search_dataloader = config().val_dataloader
    own.search_dataloader.dataset.num_images = 3

    def images(**options):
        evaluator = SubnetEvaluator(supernet, own, 1, **options)
        advanced = []
        evaluator([LARGEST], lambda: advanced.append(1))
        assert advanced == [1]
        return sum(len(batch['inputs']) for batch in evaluator._batches('val', LARGEST))

    assert (images(), images(split='val')) == (3, 2)
    printed = capsys.readouterr()
    assert 'Average Precision' not in printed.out  # 25 lines for each network
    assert 'Evaluating' not in printed.out + printed.err
