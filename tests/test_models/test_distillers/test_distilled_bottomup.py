from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from mmpose.models import build_pose_estimator
from mmpose.structures import PoseDataSample
from networks import TINY, ae_samples, litepose_config

from litepose_mm.checkpoints import load_weights, save_weights
from litepose_mm.engine.hooks import ChannelsLastHook
from litepose_mm.errors import LitePoseError
from litepose_mm.families import get_family

WIDER = replace(TINY, input_channel=16, deconv_setting=(24, 16, 16))
K = 5


def distilled(teacher=None, **options):
    torch.manual_seed(0)
    config = litepose_config(TINY, K)
    config.update(
        type='DistilledBottomupPoseEstimator',
        teacher=teacher or litepose_config(WIDER, K),
        **options,
    )
    return build_pose_estimator(config)


def test_the_teacher_is_no_part_of_the_student(tmp_path):
    model = distilled().train()
    plain = build_pose_estimator(litepose_config(TINY, K))
    assert set(model.state_dict()) == set(plain.state_dict())
    assert len(list(model.parameters())) == len(list(plain.parameters()))
    assert not model.teacher.training
    assert not any(p.requires_grad for p in model.teacher.parameters())
    state = {k: v for k, v in model.state_dict().items() if 'data_preprocessor' not in k}
    save_weights(state, tmp_path / 'w.pth', {})
    load_weights(plain, tmp_path / 'w.pth')


@pytest.mark.parametrize('size', [None, (128, 96)])
def test_losses_reach_the_student_only(size):
    model = distilled(teacher_input_size=size, tag_weight=1.0).train()
    seen = []
    model.teacher.backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0].shape))
    before = [p.clone() for p in model.teacher.state_dict().values()]
    losses = model.loss(torch.randn(2, 3, 64, 64), ae_samples(model, [2, 0]))
    assert seen == [(2, 3, 96, 128) if size else (2, 3, 64, 64)]
    assert {name for name in losses if 'distill' in name} == {
        'loss_distill_heatmap_0',
        'loss_distill_heatmap_1',
        'loss_distill_tag',
    }
    sum(losses.values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
    assert all(torch.equal(a, b) for a, b in zip(before, model.teacher.state_dict().values()))


@pytest.mark.parametrize('name', ['higherhrnet-shrink3', 'efficienthrnet-h-4'])
def test_a_teacher_of_another_family(name):
    family = get_family(name.split('-')[0])
    model = distilled(family.model_config(family.variants[name], K)).train()
    losses = model.loss(torch.randn(2, 3, 64, 64), ae_samples(model, [2, 0]))
    assert losses['loss_distill_heatmap_0'] > 0 and losses['loss_distill_heatmap_1'] > 0


def test_a_teacher_by_name():
    model = distilled('efficienthrnet-h-4_coco')
    assert model.teacher_config.backbone.type == 'EfficientHRNet'
    with pytest.raises(LitePoseError, match='keypoints of the student, got 17 and 5'):
        _ = model.teacher
    with pytest.raises(LitePoseError, match='unknown model .efficienthrnet-h-9_coco'):
        distilled('efficienthrnet-h-9_coco')


@pytest.mark.parametrize('with_labels', [True, False])
def test_a_student_that_is_its_teacher_has_nothing_to_learn(tmp_path, with_labels):
    teacher = litepose_config(TINY, K)
    state = build_pose_estimator(teacher).state_dict()
    save_weights(state, tmp_path / 'teacher.pth', {})
    model = distilled(
        teacher=teacher,
        teacher_weights=str(tmp_path / 'teacher.pth'),
        tag_weight=1.0,
        with_labels=with_labels,
    )
    model.load_state_dict(state)
    samples = ae_samples(model, [1]) if with_labels else [PoseDataSample()]
    losses = model.eval().loss(torch.randn(1, 3, 64, 64), samples)
    of_teacher = {'loss_distill_heatmap_0', 'loss_distill_heatmap_1', 'loss_distill_tag'}
    assert (losses.keys() == of_teacher) is not with_labels
    assert all(losses[name] < 1e-10 for name in of_teacher)


def test_a_teacher_with_other_levels():
    teacher = litepose_config(WIDER, K)
    teacher['head'].update(tag_levels=(True, False, False))
    losses = distilled(teacher=teacher).loss(
        torch.randn(1, 3, 64, 64), ae_samples(distilled(), [1])
    )
    assert losses['loss_distill_heatmap_0'] > 0 and losses['loss_distill_heatmap_1'] > 0


def test_types_reach_the_teacher():
    model = distilled()
    assert next(model.teacher.parameters()).dtype == torch.float32
    model.double()
    assert next(model.teacher.parameters()).dtype == torch.float64


def test_channels_last_memory_reaches_the_teacher():
    """Which is built after the beginning of the run."""
    runner, hook = SimpleNamespace(model=distilled()), ChannelsLastHook()
    hook.before_run(runner)
    weight = runner.model.teacher.backbone.stem[0].conv.weight
    assert not weight.is_contiguous(memory_format=torch.channels_last)
    hook.before_train(runner)
    assert weight.is_contiguous(memory_format=torch.channels_last)


def test_weights_of_the_teacher(tmp_path):
    source = build_pose_estimator(litepose_config(WIDER, K)).eval()
    state = {k: v for k, v in source.state_dict().items() if 'data_preprocessor' not in k}
    save_weights(state, tmp_path / 't.pth', {})
    model = distilled(teacher_weights=str(tmp_path / 't.pth'))
    images = torch.randn(1, 3, 64, 64)
    maps, others = (
        network.head(network.extract_feat(images)) for network in (source, model.teacher)
    )
    for own, other in zip(maps, others):
        torch.testing.assert_close(own, other, rtol=0, atol=1e-5)


def test_networks_without_tags_are_refused():
    openpose = get_family('lightweight_openpose')
    other = openpose.model_config(openpose.variants['lightweight-openpose'], 14)
    with pytest.raises(LitePoseError, match='teacher: .* got one with LightweightOpenPoseHead'):
        distilled(teacher=other).init_weights()
    other.update(type='DistilledBottomupPoseEstimator', teacher=litepose_config(WIDER, K))
    with pytest.raises(LitePoseError, match='student: .* got one with LightweightOpenPoseHead'):
        build_pose_estimator(other).init_weights()


def test_other_keypoints_are_refused():
    with pytest.raises(LitePoseError, match='teacher: .* got 7 and 5'):
        distilled(teacher=litepose_config(WIDER, 7)).init_weights()


def test_predicting_needs_no_teacher_and_training_notices_its_absence():
    model = distilled(teacher_weights='missing.pth')
    assert model.eval().extract_feat(torch.zeros(1, 3, 64, 64))
    with pytest.raises(LitePoseError, match='missing.pth: no such file'):
        model.init_weights()


def test_distilled_losses_are_means_over_images():
    """So that gradients of several processes are those of the joined batch."""
    model = distilled(tag_weight=1.0).eval()
    inputs, samples = torch.randn(3, 3, 64, 64), ae_samples(model, [2, 0, 5])
    together = model.loss(inputs, samples)
    alone = [model.loss(inputs[i : i + 1], samples[i : i + 1]) for i in range(3)]
    for name, value in together.items():
        assert value.item() == pytest.approx(sum(loss[name] for loss in alone).item() / 3, rel=1e-4)


@pytest.mark.parametrize('size', [None, (128, 96)])
def test_openvino_computes_the_same_teacher(size):
    pytest.importorskip('openvino')
    inputs = torch.randn(2, 3, 64, 64)
    own, other = (
        distilled(teacher_input_size=size, tag_weight=1.0, teacher_engine=engine)
        for engine in ('torch', 'openvino')
    )
    other.teacher.load_state_dict(own.teacher.state_dict())
    with torch.autocast('cpu', torch.bfloat16):  # also where it is converted: it stays float32
        other._taught(inputs)
    losses, others = (m.loss(inputs, ae_samples(m, [2, 0])) for m in (own, other))
    assert losses.keys() == others.keys()
    for name, value in losses.items():
        torch.testing.assert_close(others[name], value, rtol=1e-4, atol=1e-7)
    sum(others.values()).backward()


def test_unknown_engines_are_refused():
    with pytest.raises(ValueError, match="'torch' or 'openvino', got 'onnx'"):
        distilled(teacher_engine='onnx')
