import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from mmpose.models import build_pose_estimator
from mmpose.structures import PoseDataSample
from networks import TINY, ae_samples, litepose, litepose_config
from pipelines import ae_codec

from litepose_mm.errors import LitePoseError
from litepose_mm.testing import reference, synthetic_maps

K = 6
FLIP = [0, 2, 1, 4, 3, 5]
SIZE = (64, 96)


@pytest.fixture(scope='module')
def model():
    torch.manual_seed(3)
    return litepose(TINY, K, decoder=ae_codec((64, 64), decode_topk=4))


def sample(size=SIZE):
    return PoseDataSample(
        metainfo=dict(
            img_shape=size,
            input_size=size[::-1],
            input_center=np.array(size[::-1]) / 2,
            input_scale=np.array(size[::-1], dtype=np.float32),
            flip_indices=FLIP,
            aug_scales=None,
        )
    )


def maps_as_outputs(monkeypatch, model, maps, mirrored=None):
    """Make the head give these maps whatever it sees; mirrored ones for a mirrored image."""
    levels = [torch.from_numpy(m)[None] for m in maps[:2]]

    def forward(feats):
        heat, tags = levels if mirrored is None or not feats else mirrored
        coarse = torch.nn.functional.avg_pool2d(heat, 2)
        return torch.cat([coarse, tags], 1), heat

    monkeypatch.setattr(model.head, 'forward', forward)


@pytest.mark.parametrize('flip', [False, True])
def test_maps_are_the_authors(model, flip):
    image = torch.randn(1, 3, *SIZE)

    def forward(x):
        return model.head.forward(model.extract_feat(x))

    feats = model.extract_feat(image)
    if flip:
        feats = [feats, model.extract_feat(image.flip(-1))]
    with torch.no_grad():
        heat, tag = model.head.test_time_maps(feats, FLIP, flip, False)
        expected_heat, expected_tag = reference.network_maps(
            forward, image, K, FLIP if flip else None
        )
    heat = reference.interpolate(heat, SIZE)[0]
    tag = reference.interpolate(reference.interpolate(tag, (32, 48)), SIZE)[0]
    np.testing.assert_allclose(heat.numpy(), expected_heat, atol=1e-5)
    np.testing.assert_allclose(
        tag.view(1 + flip, K, *SIZE).permute(1, 2, 3, 0).numpy(), expected_tag, atol=1e-5
    )


@pytest.mark.parametrize('restore', [True, False])
def test_predict_gives_input_pixels(model, monkeypatch, restore):
    maps = synthetic_maps(2, SIZE, K, missing=0, noise=0.001, seed=4)
    maps_as_outputs(monkeypatch, model, maps)
    (found,) = model.head.predict((), [sample()], dict(restore_heatmap_size=restore))
    assert found.keypoints.shape == (2, K, 2) and found.tags.shape == (2, 1)
    distance = np.abs(found.keypoints[:, None] - maps.keypoints).max((-2, -1)).min(1)
    assert distance.max() < 5


def test_flip_test_stacks_tags(model, monkeypatch):
    maps = synthetic_maps(2, SIZE, K, missing=0, noise=0.001, seed=4)
    mirrored = [torch.from_numpy(m[FLIP][..., ::-1].copy())[None] for m in maps[:2]]
    maps_as_outputs(monkeypatch, model, maps, mirrored)
    (plain,) = model.head.predict((), [sample()])
    feats = [(), (torch.zeros(1),)]
    (found,) = model.head.predict(feats, [sample()], dict(flip_test=True))
    assert found.tags.shape == (2, 2)
    np.testing.assert_allclose(found.tags[:, 0], found.tags[:, 1], atol=1e-6)
    np.testing.assert_allclose(found.keypoints, plain.keypoints, atol=1e-4)


def test_flip_test_needs_the_pairs(model):
    bare = sample()
    bare.set_metainfo(dict(flip_indices=None))
    with pytest.raises(ValueError, match='flip_indices'):
        model.head.predict([(), ()], [bare], dict(flip_test=True))


def test_shift_moves_mirrored_maps_by_a_pixel(model):
    maps = torch.arange(2 * K * 4.0).view(1, 2 * K, 1, 4)
    plain = model.head._flipped_back(maps, FLIP, False)
    shifted = model.head._flipped_back(maps, FLIP, True)
    assert torch.equal(plain[0, 1], maps[0, 2].flip(-1))  # the pair's other keypoint
    assert torch.equal(plain[0, K + 1], maps[0, K + 2].flip(-1))
    assert torch.equal(shifted[..., 1:], plain[..., :-1])


def test_output_heatmaps(model):
    feats = model.extract_feat(torch.randn(1, 3, *SIZE))
    with torch.no_grad():
        preds, fields = model.head.predict(feats, [sample()], dict(output_heatmaps=True))
    assert len(preds) == len(fields) == 1 and isinstance(fields[0], PixelData)
    assert fields[0].heatmaps.shape == fields[0].tags.shape == (K, 32, 48)


def test_multiscale_averages_at_the_input_size(model):
    images = [torch.randn(1, 3, *SIZE), torch.randn(1, 3, 128, 192)]
    with torch.no_grad():
        feats = [model.extract_feat(image) for image in images]
        heat = (
            sum(reference.interpolate(model.head.aggregate(model.head(f))[0], SIZE) for f in feats)
            / 2
        )
        _, fields = model.head.predict(
            feats, [sample()], dict(multiscale_test=True, output_heatmaps=True)
        )
    torch.testing.assert_close(fields[0].heatmaps, heat[0])


def test_a_batch_equals_its_images(model):
    images = torch.randn(3, 3, *SIZE)
    with torch.no_grad():
        together = model.head.predict(model.extract_feat(images), [sample()] * 3)
        alone = [
            model.head.predict(model.extract_feat(image[None]), [sample()])[0] for image in images
        ]
    for one, other in zip(together, alone):
        assert len(one.keypoints) == len(other.keypoints)
        np.testing.assert_allclose(one.keypoints, other.keypoints, atol=1e-3)


def test_several_levels_with_tags_are_stacked():
    own = litepose(
        TINY,
        K,
        head=dict(tag_levels=(True, True)),
        decoder=ae_codec((64, 64), tag_levels=(True, True)),
    )
    with torch.no_grad():
        outputs = own.head(own.extract_feat(torch.randn(1, 3, *SIZE)))
        heat, tags = own.head.aggregate(outputs)
    assert heat.shape == (1, K, 32, 48) and tags.shape == (1, 2 * K, 32, 48)
    torch.testing.assert_close(tags[:, K:], outputs[1][:, K:])


def test_without_decoder(model, monkeypatch):
    monkeypatch.setattr(model.head, 'decoder', None)
    with pytest.raises(LitePoseError, match='head.decoder: .*codec'):
        model.head.predict(model.extract_feat(torch.zeros(1, 3, *SIZE)), [sample()])


def test_losses_of_a_batch(model):
    model.train()
    losses = model.head.loss(
        model.extract_feat(torch.randn(2, 3, 64, 64)), ae_samples(model, [2, 0])
    )
    model.eval()
    assert set(losses) == {'loss_heatmap_0', 'loss_heatmap_1', 'loss_pull', 'loss_push'}
    sum(losses.values()).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())


@pytest.mark.parametrize('people', [[0], [0, 0], [1], [40]])
def test_losses_are_finite_for_any_number_of_people(model, people):
    outputs = model.head(model.extract_feat(torch.randn(len(people), 3, 64, 64)))
    losses = model.head.loss_of_outputs(outputs, ae_samples(model, people))
    assert all(loss.isfinite() for loss in losses.values())


def test_losses_are_in_full_precision_under_autocast(model):
    with torch.autocast('cpu', dtype=torch.bfloat16):
        outputs = model.head(model.extract_feat(torch.randn(1, 3, 64, 64)))
        losses = model.head.loss_of_outputs(outputs, ae_samples(model, [2]))
    assert outputs[0].dtype == torch.bfloat16
    assert all(loss.dtype == torch.float32 for loss in losses.values())


@pytest.mark.parametrize(
    ('head', 'decoder', 'message'),
    [
        (dict(), ae_codec((128, 64)), 'heatmap_sizes of the codec'),
        (dict(tag_levels=(True, True)), ae_codec((64, 64)), '2 levels .* got 1 level'),
    ],
)
def test_targets_of_another_form_are_one_line(head, decoder, message):
    model = litepose(TINY, head=head, decoder=decoder)
    outputs = model.head(model.extract_feat(torch.zeros(1, 3, 64, 64)))
    with pytest.raises(LitePoseError, match=message):
        model.head.loss_of_outputs(outputs, ae_samples(model, [1]))


MMPOSES_CODEC = dict(
    type='AssociativeEmbedding',
    input_size=(64, 64),
    heatmap_size=(16, 16),
    decode_keypoint_order=list(range(14)),
)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(decoder=MMPOSES_CODEC), 'MultiLevelAssociativeEmbedding, got AssociativeEmbedding'),
        *(
            (dict(head=dict(heatmap_loss=dict(type=name))), f'KeypointMSELoss .*, got {name}')
            for name in (
                'AdaptiveWingLoss',
                'KeypointOHKMMSELoss',
                'FocalHeatmapLoss',
            )
        ),
        (
            dict(
                head=dict(heatmap_loss=dict(type='CombinedTargetMSELoss', use_target_weight=True))
            ),
            'got CombinedTargetMSELoss, which takes no mask',
        ),
    ],
)
def test_parts_that_do_not_fit_are_refused_when_built(changes, message):
    with pytest.raises(LitePoseError, match=message):
        litepose(TINY, **changes)


def test_mmposes_head_with_our_codec_is_refused_when_built():
    config = litepose_config(TINY)
    config['head'] = dict(
        type='AssociativeEmbeddingHead',
        in_channels=24,
        num_keypoints=14,
        decoder=config['head']['decoder'],
    )
    with pytest.raises(LitePoseError, match='FusionDeconvHead, got AssociativeEmbeddingHead'):
        build_pose_estimator(config)


def test_targets_of_mmposes_codec_are_one_line():
    model = litepose(TINY)
    outputs = model.head(model.extract_feat(torch.zeros(1, 3, 64, 64)))
    (sample,) = ae_samples(model, [1])
    sample.gt_fields = PixelData(heatmaps=torch.zeros(14, 16, 16))
    with pytest.raises(LitePoseError, match=r'of one level, \(14, 16, 16\)'):
        model.head.loss_of_outputs(outputs, [sample])


def test_other_keypoints_are_one_line():
    model, other = litepose(TINY), litepose(TINY, num_keypoints=3)
    outputs = model.head(model.extract_feat(torch.zeros(1, 3, 64, 64)))
    with pytest.raises(LitePoseError, match='number of keypoints'):
        model.head.loss_of_outputs(outputs, ae_samples(other, [1]))


def test_without_masks_all_pixels_count(model):
    outputs = model.head(model.extract_feat(torch.zeros(2, 3, 64, 64)))
    samples = ae_samples(model, [1, 2])
    expected = model.head.loss_of_outputs(outputs, samples)
    for sample in samples:
        del sample.gt_fields.heatmap_mask
    assert model.head.loss_of_outputs(outputs, samples) == expected
