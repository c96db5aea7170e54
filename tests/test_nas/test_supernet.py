"""Training of the supernet: resolutions, several networks in a step."""

from dataclasses import replace
from types import SimpleNamespace

import networks
import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmpose.models import build_pose_estimator
from mmpose.registry import DATASETS
from pipelines import ae_codec, ae_train_pipeline
from supernets import LARGEST, SPACE, build_supernet, supernet_config
from torch import nn

from litepose_mm.engine.hooks import ArchitectureSamplingHook
from litepose_mm.errors import LitePoseError
from litepose_mm.nas import copy_subnet, resize_batch


def batch(size=64, count=3):
    """Training samples of synthetic people, and their images."""
    pipeline = ae_train_pipeline(ae_codec((size, size)), scale_factor=(1, 1), rotate_factor=0)
    data = DATASETS.build(
        dict(
            type='SyntheticPeopleDataset',
            num_images=count,
            image_size=(64, 64),
            keypoints='crowdpose',
            pipeline=pipeline,
        )
    )
    collated = pseudo_collate([data[index] for index in range(count)])
    return torch.stack(collated['inputs']).float() / 255, collated['data_samples']


def test_the_same_resolution_is_left_alone():
    codec = networks.litepose(LARGEST).head.decoder
    inputs, samples = batch()
    assert resize_batch(inputs, samples, codec, (64, 64)) == (inputs, samples)


@pytest.mark.parametrize('size', [(32, 32), (48, 48), (128, 128), (96, 48)])
def test_targets_are_made_anew_at_the_right_place(size):
    codec = networks.litepose(LARGEST).head.decoder
    inputs, samples = batch()
    images, resized = resize_batch(inputs, samples, codec, size)
    width, height = size
    assert images.shape == (3, 3, height, width)
    own = codec.at_input_size(size)
    assert own.heatmap_sizes == [(width // 4, height // 4), (width // 2, height // 2)]
    for sample, before in zip(resized, samples, strict=True):
        people = before.gt_instances
        # packed keypoints are those that the targets were made of
        original = codec.encode(people.keypoints, people.keypoints_visible, before.metainfo['flip'])
        np.testing.assert_array_equal(before.gt_fields.heatmaps[1], original['heatmaps'][1])
        moved = (people.keypoints + 0.5) * np.float32(size) / 64 - 0.5
        expected = own.encode(moved, people.keypoints_visible, before.metainfo['flip'])
        for level, heatmap in enumerate(sample.gt_fields.heatmaps):
            np.testing.assert_array_equal(heatmap, expected['heatmaps'][level])
            assert heatmap.max() > 0.99  # sigma is that of every resolution, peaks are 1
            mask = sample.gt_fields.heatmap_mask[level]
            assert mask.shape == (1, *heatmap.shape[1:])
            assert mask.dtype == before.gt_fields.heatmap_mask[level].dtype
        np.testing.assert_array_equal(
            sample.gt_instance_labels.keypoint_indices, expected['keypoint_indices']
        )
        # and what came is as it was
        assert before.gt_fields.heatmaps[0].shape[1:] == (16, 16)


def test_images_of_another_size_are_refused():
    codec = networks.litepose(LARGEST).head.decoder
    with pytest.raises(LitePoseError, match='expected images of 64x64'):
        resize_batch(*batch(size=32), codec, (32, 32))


@pytest.mark.parametrize('arch', [LARGEST, SPACE.smallest])
def test_losses_are_those_of_the_plain_network(arch):
    supernet = build_supernet()
    supernet.training_archs = [arch]
    plain = networks.litepose(arch)
    copy_subnet(supernet, plain)
    inputs, samples = batch()
    codec = networks.litepose(LARGEST).head.decoder
    expected = plain.loss(*resize_batch(inputs, samples, codec, (arch.img_size,) * 2))
    losses = supernet.loss(inputs, samples)
    assert set(losses) == set(expected)
    for name, value in losses.items():
        torch.testing.assert_close(value, expected[name])


def test_a_step_of_several_networks():
    supernet = build_supernet()
    archs = [LARGEST, SPACE.uniform(0.75), SPACE.smallest]
    assert len({arch.img_size for arch in archs}) == 2
    inputs, samples = batch()
    alone = []
    for arch in archs:
        supernet.training_archs = [arch]
        alone.append(supernet.loss(inputs, samples))
    supernet.training_archs = archs
    losses = supernet.loss(inputs, samples)
    for name in alone[0]:
        mean = sum(each[name] for each in alone) / 3
        torch.testing.assert_close(losses[name], mean)


def distilled_supernet(**options):
    """A supernet whose teacher is its own largest network, with the same weights."""
    config = supernet_config()
    config.update(
        type='DistilledSupernetBottomupPoseEstimator',
        teacher=networks.litepose_config(LARGEST),
        with_labels=False,
        **options,
    )
    supernet = build_pose_estimator(config).eval()
    supernet.load_state_dict(build_supernet().state_dict())
    copy_subnet(supernet, supernet.__dict__.setdefault('teacher', networks.litepose(LARGEST)))
    return supernet


def test_a_teacher_teaches_all_networks():
    supernet = distilled_supernet(tag_weight=1.0)
    inputs, samples = batch()
    narrow = replace(SPACE.smallest, img_size=LARGEST.img_size)
    losses = {}
    for arch in (LARGEST, narrow):
        supernet.training_archs = [arch]
        losses[arch] = supernet.loss(inputs, samples)
        assert set(losses[arch]) == {
            'loss_distill_heatmap_0',
            'loss_distill_heatmap_1',
            'loss_distill_tag',
        }
    assert max(losses[LARGEST].values()) < 1e-9 < 1e-5 < min(losses[narrow].values())
    supernet.training_archs = [LARGEST, narrow]
    for name, value in supernet.loss(inputs, samples).items():
        torch.testing.assert_close(value, losses[narrow][name] / 2)
    ArchitectureSamplingHook(SPACE).before_train(runner_of(supernet))
    supernet.training_archs = [SPACE.smallest]
    with pytest.raises(LitePoseError, match='resolution 64 .* got 32'):
        supernet.loss(inputs, samples)


def runner_of(model, iteration=0):
    return SimpleNamespace(model=model, iter=iteration)


def drawn(hook, supernet, iterations):
    archs = []
    for iteration in iterations:
        hook.before_train_iter(runner_of(supernet, iteration), iteration)
        archs.append(tuple(supernet.training_archs))
    return archs


def test_the_networks_depend_on_seed_and_iteration_only():
    supernet = build_supernet()
    hook = ArchitectureSamplingHook(SPACE.to_dict(), seed=3, samples=2)
    hook.before_train(runner_of(supernet))
    assert supernet.active_arch == LARGEST
    archs = drawn(hook, supernet, range(6))
    again = ArchitectureSamplingHook(SPACE, seed=3, samples=2)  # another process, or resumed
    assert drawn(again, supernet, range(3, 6)) == archs[3:]
    assert drawn(ArchitectureSamplingHook(SPACE, seed=4, samples=2), supernet, range(6)) != archs
    assert len({arch for step in archs for arch in step}) > 6
    hook.before_val(runner_of(supernet))
    assert supernet.active_arch == LARGEST


def test_what_does_not_fit_is_refused():
    with pytest.raises(LitePoseError, match='supernet, got MultiScale'):
        ArchitectureSamplingHook(SPACE).before_train(runner_of(networks.litepose(LARGEST)))
    with pytest.raises(LitePoseError, match='input_channel.* got 24'):
        ArchitectureSamplingHook('litepose-lms').before_train(runner_of(build_supernet()))
    with pytest.raises(LitePoseError, match='sync_bn'):
        synchronised = nn.SyncBatchNorm.convert_sync_batchnorm(build_supernet())
        ArchitectureSamplingHook(SPACE).before_train(runner_of(synchronised))
    with pytest.raises(LitePoseError, match='at least 1 for samples'):
        ArchitectureSamplingHook(SPACE, samples=0)
