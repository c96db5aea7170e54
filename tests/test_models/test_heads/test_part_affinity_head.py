import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.models import build_pose_estimator
from mmpose.structures import MultilevelPixelData, PoseDataSample
from part_affinity_people import maps_of, people_in

import litepose_mm.modules  # noqa: F401
from litepose_mm.errors import LitePoseError
from litepose_mm.models import LightweightOpenPoseHead
from litepose_mm.models.utils.deploy_graph import DeployGraph, deploy_decoder

CODEC = dict(type='PartAffinityFields', input_size=(128, 128), heatmap_size=(16, 16))
FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


def network(stages=1, codec=CODEC, **head):
    """A narrow network, in eval mode."""
    init_default_scope('mmpose')
    config = dict(
        type='MultiScaleBottomupPoseEstimator',
        data_preprocessor=dict(type='MultiScaleDataPreprocessor'),
        backbone=dict(type='DilatedMobileNet', stem=4, layers=[(8, 2, 1), (8, 2, 1), (8, 1, 2)]),
        head=dict(
            type='LightweightOpenPoseHead',
            in_channels=8,
            width=8,
            num_refinement_stages=stages,
            decoder=codec,
            **head,
        ),
        test_cfg=dict(flip_test=False),
    )
    torch.manual_seed(0)
    return build_pose_estimator(config).eval()


def sample(keypoints=None, codec=None, mask=None):
    data = PoseDataSample(
        metainfo=dict(img_shape=(128, 128), flip_indices=FLIP, input_center=np.array([64, 64]))
    )
    data.set_metainfo(dict(input_size=(128, 128), input_scale=np.array([128, 128])))
    if keypoints is not None:
        encoded = codec.encode(keypoints)
        names = ('heatmaps', 'part_affinity_fields')
        fields = {name: [torch.from_numpy(encoded[name][0])] for name in names}
        if mask is not None:
            fields['heatmap_mask'] = [mask]
        data.gt_fields = MultilevelPixelData(**fields)
    return data


def test_outputs_of_every_stage():
    head = network(stages=2).head
    outputs = head.forward((torch.rand(2, 8, 4, 6),))
    assert [each.shape[1] for each in outputs] == list(head.level_channels) == [19, 38] * 3
    assert all(each.shape == (2, each.shape[1], 4, 6) for each in outputs)


def test_later_stages_do_not_change_earlier_ones():
    two, one = network(stages=2).head, network(stages=1).head
    one.load_state_dict({k: v for k, v in two.state_dict().items() if not two_only(k)})
    feats = (torch.rand(1, 8, 4, 6),)
    for own, other in zip(one.forward(feats), two.forward(feats)):
        assert torch.equal(own, other)
    assert one.is_surplus('refinement_stages.1.trunk.0.reduce.conv.bias')
    assert not any(map(one.is_surplus, one.state_dict()))


def two_only(name):
    return name.startswith('refinement_stages.1.')


def give(monkeypatch, model, *maps):
    """Let the head return maps, one after the other."""
    given = iter(maps)
    monkeypatch.setattr(model.head, 'forward', lambda feats: next(given))


def test_predict(monkeypatch):
    model = network(codec=dict(CODEC, input_size=(384, 256), heatmap_size=(48, 32)))
    people = people_in(200, [(100, 20), (260, 40)])
    _, maps = maps_of(people, (384, 256))
    maps = tuple(map(torch.from_numpy, maps))
    give(monkeypatch, model, maps, maps)
    data = sample()
    found, fields = model.head.predict((None,), [data], dict(output_heatmaps=True))
    assert found[0].keypoints.shape == (2, 17, 2) and found[0].bbox_scores.shape == (2,)
    order = np.argsort(found[0].keypoints[:, 0, 0])
    np.testing.assert_allclose(found[0].keypoints[order], people, atol=3)
    assert fields[0].heatmaps.shape == (17, 32, 48)


def test_flip_test(monkeypatch):
    """The mirrored maps of a mirrored person are those of the person."""
    model = network(codec=dict(CODEC, input_size=(256, 256), heatmap_size=(32, 32)))
    people = people_in(200, [(90, 20)])
    _, maps = maps_of(people, (256, 256))
    _, mirrored = maps_of(people[:, FLIP] * [-1, 1] + [255, 0], (256, 256))
    both = [tuple(map(torch.from_numpy, each)) for each in (maps, mirrored)]
    give(monkeypatch, model, *both)
    decoder = deploy_decoder(model)
    found = model.head.deploy_outputs(None, decoder, (None,), FLIP, {})
    for own, expected in zip(found, maps):
        np.testing.assert_allclose(own.numpy(), expected, atol=1e-5)


def test_the_graph_has_the_last_stage():
    model = network(stages=2)
    image = torch.rand(1, 3, 64, 96)
    decoder = deploy_decoder(model)
    with torch.no_grad():
        outputs = DeployGraph(model, decoder)(image)
        expected = model.head.forward(model.extract_feat(image))[-2:]
    assert all(map(torch.equal, outputs, expected))
    assert tuple(tuple(each.shape) for each in outputs) == decoder.output_shapes(1, (64, 96))


def test_losses():
    model = network()
    people = people_in(100, [(60, 10)])
    codec = model.head.decoder
    mask = torch.ones(1, 16, 16)
    mask[:, :, 8:] = 0
    feats = (torch.rand(2, 8, 16, 16),)
    samples = [sample(people, codec, mask), sample(people[:0], codec, mask)]
    losses = model.head.loss(feats, samples)
    assert list(losses) == ['loss_heatmap_0', 'loss_field_0', 'loss_heatmap_1', 'loss_field_1']
    outputs = model.head.forward(feats)
    targets = torch.stack([each.gt_fields.heatmaps[0] for each in samples])
    expected = (outputs[2] - targets)[..., :8].square().sum() / (2 * 2)
    torch.testing.assert_close(losses['loss_heatmap_1'], expected)
    sum(losses.values()).backward()
    assert all(each.grad is not None for each in model.head.parameters())


def test_losses_are_in_full_precision_under_autocast():
    model = network()
    with torch.autocast('cpu', torch.bfloat16):
        losses = model.head.loss(
            (torch.rand(1, 8, 16, 16),), [sample(people_in(100, [(60, 10)]), model.head.decoder)]
        )
    assert all(each.dtype == torch.float32 for each in losses.values())


def test_targets_that_do_not_fit():
    model = network()
    data = sample(people_in(100, [(60, 10)]), model.head.decoder)
    with pytest.raises(LitePoseError, match=r'targets of shapes .*19, 8, 8.* got .*19, 16, 16'):
        model.head.loss((torch.rand(1, 8, 8, 8),), [data])
    data.gt_fields = MultilevelPixelData(heatmaps=[torch.zeros(17, 16, 16)])
    with pytest.raises(LitePoseError, match='targets of the codec PartAffinityFields'):
        model.head.loss((torch.rand(1, 8, 16, 16),), [data])


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(codec=None), 'body: expected parts and limbs'),
        (dict(body='crowdpose'), 'body: expected that of the decoder'),
        (dict(num_keypoints=14), 'num_keypoints: expected 17, .* got 14'),
        (dict(codec=dict(type='MSRAHeatmap', input_size=(8, 8), heatmap_size=(2, 2), sigma=1)),
         'expects the codec PartAffinityFields, got MSRAHeatmap'),
    ],
)  # fmt: skip
def test_parts_that_do_not_fit(options, message):
    with pytest.raises(LitePoseError, match=message):
        network(**options)


def test_without_a_codec_or_with_several_scales():
    model = network(codec=None, body='coco')
    with pytest.raises(LitePoseError, match='head.decoder: expected a codec'):
        deploy_decoder(model)
    with pytest.raises(LitePoseError, match="outputs: expected 'maps', got 'candidates'"):
        deploy_decoder(network(), 'candidates')
    with pytest.raises(LitePoseError, match='multiscale_test: expected False'):
        model.head.predict([], [sample()], dict(multiscale_test=True))


@pytest.mark.parametrize(
    'values, message',
    [
        (dict(num_refinement_stages=-1), 'num_refinement_stages: .* at least 0, got .-1.'),
        (dict(num_refinement_stages=1.5), 'num_refinement_stages: .* at least 0, got .1.5.'),
        (dict(width=0), 'width: expected positive integers, got .0.'),
        (dict(in_channels=-8), 'in_channels: expected positive integers'),
    ],
)
def test_impossible_numbers(values, message):
    with pytest.raises(LitePoseError, match=message):
        LightweightOpenPoseHead(body='coco', **values)


def test_a_feature_of_another_width():
    with pytest.raises(LitePoseError, match='head.in_channels: expected 16, .* got 8'):
        network().head.forward((torch.rand(1, 16, 4, 4),))
