import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.optim import build_optim_wrapper
from mmpose.models import build_pose_estimator
from networks import TINY, ae_samples, litepose_config
from searches import SPACE, batch, search_config, search_model

from litepose_mm.errors import LitePoseError
from litepose_mm.nas import get_search_space, subnet_config
from litepose_mm.nas.differentiable import copy_derived, draw
from litepose_mm.nas.families.litepose import LitePoseSearchSpace

OPTIMIZERS = dict(
    constructor='AlternatingOptimWrapperConstructor',
    weights=dict(optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=1e-4)),
    architecture=dict(optimizer=dict(type='Adam', lr=0.01)),
)


def values(model):
    """Parameters by what they are."""
    own = {id(each) for each in model.architecture_parameters()}
    found = dict(weights={}, architecture={})
    for name, each in model.named_parameters():
        found['architecture' if id(each) in own else 'weights'][name] = each.detach().clone()
    return found


def step(model, optimizers, phase):
    model.phase = optimizers.active = phase
    images, samples = batch()
    data = dict(inputs=[(255 * each).byte() for each in images], data_samples=samples)
    return model.train().train_step(data, optimizers)


@pytest.mark.parametrize('paths', [1, 2, None])
def test_alternating_updates_touch_only_their_own_parameters(paths):
    model = search_model(paths=dict(weights=paths, architecture=paths))
    optimizers = build_optim_wrapper(model, OPTIMIZERS)
    torch.manual_seed(0)
    for phase, other in [('weights', 'architecture'), ('architecture', 'weights')] * 2:
        before = values(model)
        logs = step(model, optimizers, phase)
        after = values(model)
        for name, value in before[other].items():
            assert torch.equal(value, after[other][name]), name
        changed = [not torch.equal(v, after[phase][name]) for name, v in before[phase].items()]
        assert any(changed) and (paths is not None or all(changed))
        assert ('loss_cost' in logs) == (phase == 'architecture')
        # No gradient is left over for the next step of the other parameters.
        assert all(each.grad is None for each in model.parameters())


def test_loss_is_that_of_the_task_and_of_the_cost():
    model = search_model(cost=dict(name='macs', weight=0.3, base=2), paths=dict(architecture=None))
    model.phase = 'architecture'
    losses = model.train().loss(*batch())
    expected = model.costs.expected(model.mixed_blocks)
    assert losses['loss_cost'].item() == pytest.approx(0.3 * math.log2(expected.item()))
    assert losses['cost'] == expected and losses['loss_kpt'] > 0
    torch.testing.assert_close(losses['loss_kpt'], model.loss(*batch())['loss_kpt'])


def test_a_higher_weight_of_the_cost_leads_to_a_cheaper_network():
    costs = []
    for weight in (0, 1):
        model = search_model(cost=dict(name='macs', weight=weight))
        fast = dict(OPTIMIZERS, architecture=dict(optimizer=dict(type='Adam', lr=0.1)))
        optimizers = build_optim_wrapper(model, fast)
        torch.manual_seed(0)
        for _ in range(20):
            step(model, optimizers, 'architecture')
        costs.append(model.costs.expected(model.mixed_blocks).item())
    assert costs[1] < 0.9 * costs[0]


@torch.no_grad()
def test_derived_networks_have_the_weights_of_their_operations():
    model = search_model().eval()
    rng = np.random.default_rng(0)
    uniform = [np.ones(len(block.settings)) for block in model.mixed_blocks]
    config = Config(dict(model=search_config(), search_space=SPACE))
    for choices in draw(uniform, model.costs, 6, rng):
        plain = subnet_config(config, model.backbone.arch_of(choices))
        assert plain.model.type == 'TopdownPoseEstimator'
        assert plain.model.backbone.type == 'EfficientPose' and 'cost' not in plain.model
        network = build_pose_estimator(plain.model).eval()
        copy_derived(model, choices, network)
        for block, index in zip(model.mixed_blocks, choices):
            block.alpha.zero_()[index] = 1
        images, _ = batch(2)
        outputs = [each.head(each.extract_feat(images)) for each in (model, network)]
        torch.testing.assert_close(*outputs)


LITEPOSE = LitePoseSearchSpace(
    replace(
        TINY,
        stages=tuple(replace(each, block_setting=((2, 5),) * 3) for each in TINY.stages),
    ),
    img_sizes=(64,),
    ratios=(1,),
    depths=((3, 2, 1),) * 4,
    kernel_sizes=(5, 3),
)


def test_a_single_path_litepose_space():
    """Kernels and, by leaving out blocks, depths are chosen; the head reads features of stages."""
    config = litepose_config(LITEPOSE.largest, 5)
    config.update(
        type='DifferentiableBottomupPoseEstimator',
        cost=dict(name='paper_macs', weight=0.1),
        backbone=dict(type='MixedLitePose', space=LITEPOSE.to_dict()),
    )
    model = build_pose_estimator(config)
    optimizers = build_optim_wrapper(model, OPTIMIZERS)
    samples = ae_samples(model, [1, 2])
    for phase in ('weights', 'architecture'):
        model.phase = optimizers.active = phase
        with optimizers.optim_context(model):
            loss, _ = model.parse_losses(model.train().loss(torch.randn(2, 3, 64, 64), samples))
        optimizers.update_params(loss)
    choices = [0, 1, 2] * 4
    choices[0::3] = [1] * 4
    arch = model.backbone.arch_of(choices)
    assert [stage.block_setting for stage in arch.stages] == [((2, 3), (2, 3))] * 4
    LITEPOSE.encode(arch)
    plain = build_pose_estimator(subnet_config(Config(dict(model=config)), arch).model).eval()
    copy_derived(model, choices, plain)


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(ratios=(1, 0.5)), 'a space of blocks only, got several choices of .*channel'),
        (dict(img_sizes=(64, 32)), 'several choices of img_size'),
        (dict(depths=((3, 1),) * 4), 'expected all depths from the least to 3'),
    ],
)
def test_spaces_of_more_than_blocks_are_refused(values, message):
    with pytest.raises(LitePoseError, match=message):
        replace(LITEPOSE, **values).candidates()


def test_other_families_have_no_chains():
    with pytest.raises(LitePoseError, match='expected a space of chains of blocks'):
        get_search_space('efficienthrnet-h0-widths').candidates()


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(cost=dict(name='macs')), 'expected a weight of at least 0 and a base above 1'),
        (dict(cost=dict(name='macs', weight=1, base=1)), 'got 1 and 1'),
        (dict(cost=dict(weight=1)), 'either a name or a table, got None and None'),
        (dict(paths=dict(weights=3)), 'paths: expected 1, 2 or None'),
        (dict(backbone=dict(type='EfficientPose', arch=SPACE['largest'])), 'one of mixed blocks'),
    ],
)
def test_refuses(values, message):
    with pytest.raises(LitePoseError, match=message):
        build_pose_estimator(search_config() | values)


def test_optimizers_of_something_else():
    model = search_model()
    with pytest.raises(LitePoseError, match='expected weights and architecture.*got weights$'):
        build_optim_wrapper(
            model, dict(constructor=OPTIMIZERS['constructor'], weights=OPTIMIZERS['weights'])
        )
    plain = build_pose_estimator(
        subnet_config(
            Config(dict(model=search_config(), search_space=SPACE)), model.backbone.arch_of([0] * 5)
        ).model
    )
    with pytest.raises(LitePoseError, match='a differentiable estimator, got TopdownPose'):
        build_optim_wrapper(plain, OPTIMIZERS)
