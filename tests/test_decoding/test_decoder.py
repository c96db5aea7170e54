import numpy as np
import pytest
import torch
from mmpose.codecs import AssociativeEmbedding

from litepose_mm.decoding import AssociativeEmbeddingDecoder, default_keypoint_order
from litepose_mm.errors import LitePoseError
from litepose_mm.testing import reference, synthetic_maps

pytestmark = pytest.mark.usefixtures('decoding')

SIZE = (192, 256)


def full_size(maps):
    """Maps as the authors build them: tags at the heatmaps' size, then all at the input's."""
    heatmaps, tags = (torch.from_numpy(m)[None] for m in maps[:2])
    tags = reference.interpolate(tags, heatmaps.shape[2:])
    return (reference.interpolate(m, SIZE)[0].numpy() for m in (heatmaps, tags))


@pytest.mark.parametrize('num_people', [0, 1, 3, 8])
@pytest.mark.parametrize('num_keypoints, tag_dim', [(14, 1), (14, 2), (17, 2), (5, 1)])
def test_equals_the_authors_procedure(num_people, num_keypoints, tag_dim):
    maps = synthetic_maps(num_people, SIZE, num_keypoints, tag_dim, missing=0.2, seed=num_people)
    order = default_keypoint_order(num_keypoints)
    heat, tag = full_size(maps)
    tag = tag.reshape(tag_dim, num_keypoints, *SIZE).transpose(1, 2, 3, 0)
    people, scores = reference.decode(heat, tag, order)
    found = AssociativeEmbeddingDecoder(num_keypoints).decode(*maps[:2], decode_hw=SIZE)
    assert len(found.keypoints) == len(people) >= num_people
    np.testing.assert_allclose(found.keypoints, people[..., :2], atol=1e-3)
    np.testing.assert_allclose(found.keypoint_scores, people[..., 2], atol=1e-5)
    np.testing.assert_allclose(found.scores, scores, atol=1e-5)


@pytest.mark.parametrize('num_people', [1, 5])
def test_finds_the_people(num_people):
    maps = synthetic_maps(num_people, SIZE, missing=0, noise=0.002, seed=1)
    found = AssociativeEmbeddingDecoder(14).decode(*maps[:2], decode_hw=SIZE)
    assert len(found.keypoints) == num_people
    distance = np.abs(found.keypoints[:, None] - maps.keypoints).max((-2, -1))
    assert sorted(distance.argmin(1)) == list(range(num_people))
    assert distance.min(1).max() < 3


@pytest.mark.parametrize('keep_best', [1, 3, 8])
def test_the_best_are_what_they_are_among_all(keep_best):
    maps = synthetic_maps(6, SIZE, 14, 2, missing=0.3, noise=0.02, seed=5)
    everybody = AssociativeEmbeddingDecoder(14).decode(*maps[:2], decode_hw=SIZE)
    kept = AssociativeEmbeddingDecoder(14, keep_best=keep_best).decode(*maps[:2], decode_hw=SIZE)
    best = np.sort(np.argsort(-everybody.scores, kind='stable')[:keep_best])
    assert len(everybody.scores) >= 6
    for own, of_all in zip(kept, everybody):
        np.testing.assert_array_equal(own, of_all[best])


@pytest.mark.parametrize('max_people', [None, 2])
def test_options_give_mmposes_result(max_people):
    maps = synthetic_maps(4, SIZE, 14, 2, missing=0.2, seed=3)
    heat, tag = full_size(maps)
    theirs = AssociativeEmbedding(
        SIZE[::-1],
        SIZE[::-1],
        decode_center_shift=0.5,
        decode_max_instances=max_people,
        decode_keypoint_order=list(default_keypoint_order(14)),
    ).batch_decode(torch.from_numpy(heat)[None], torch.from_numpy(tag)[None])
    ours = AssociativeEmbeddingDecoder(
        14, offset='mmpose', missing='mmpose', limit='mmpose', max_people=max_people
    ).decode(heat, tag)
    for own, other in zip((ours.keypoints, ours.keypoint_scores, ours.scores), theirs):
        np.testing.assert_allclose(own, other[0], atol=1e-5)


def test_rules_can_be_left_out():
    maps = synthetic_maps(2, SIZE, missing=0.3, seed=5)
    plain = AssociativeEmbeddingDecoder(14, offset='none', missing='none')
    found = plain.decode(*maps[:2], decode_hw=SIZE)
    missing = found.keypoint_scores == 0
    assert missing.any() and (found.keypoints[missing] == 0).all()
    assert (found.keypoints % 1 == 0).all()
    np.testing.assert_allclose(found.scores, found.keypoint_scores.mean(1), atol=1e-6)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(keypoint_order=[0, 0, 1]), r'each of 0..2 once'),
        (dict(nms_kernel=4), 'odd'),
        (dict(top_k=0), 'top_k must be at least 1, got 0'),
        (dict(max_people=0), 'max_people must be at least 1, or None'),
        (dict(keypoint_threshold=-1), 'keypoint_threshold must be at least 0'),
        (dict(keypoint_threshold=float('nan')), 'keypoint_threshold must be'),
        (dict(tag_threshold=-1), 'tag_threshold must be above 0'),
        (dict(offset='dark'), 'offset must be one of litepose, mmpose, none'),
        (dict(missing='maybe'), 'missing must be one of'),
        (dict(limit='none'), 'limit must be one of litepose, mmpose'),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(LitePoseError, match=message):
        AssociativeEmbeddingDecoder(3, **options)


MAPS = np.zeros((3, 8, 8), dtype=np.float32)


@pytest.mark.parametrize(
    'heatmaps, tags, message',
    [
        (MAPS[:2], MAPS, 'expected 3 heatmaps and a multiple of as many tag maps, got 2 and 3'),
        (MAPS, MAPS[:2], 'got 3 and 2'),
        (MAPS, MAPS[:0], 'got 3 and 0'),
        (MAPS[0], MAPS, 'heatmaps must be a numpy array'),
        (MAPS, torch.from_numpy(MAPS), 'tags must be a numpy array .* got Tensor'),
        (MAPS * np.nan, MAPS, 'undefined numbers'),
        (MAPS + 1, MAPS + np.inf, 'undefined numbers'),
    ],
)
def test_bad_maps(heatmaps, tags, message):
    with pytest.raises(LitePoseError, match=message):
        AssociativeEmbeddingDecoder(3).decode(heatmaps, tags)


def test_needs_neither_torch_nor_mmpose():
    import subprocess
    import sys

    code = (
        'import sys; sys.modules.update(torch=None, mmpose=None, mmengine=None, mmcv=None);'
        'from litepose_mm.decoding import AssociativeEmbeddingDecoder;'
        'from litepose_mm.testing import synthetic_maps;'
        'm = synthetic_maps(2, (64, 64));'
        'print(len(AssociativeEmbeddingDecoder(14).decode(*m[:2], decode_hw=(64, 64)).scores))'
    )
    output = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert output.returncode == 0, output.stderr
    assert int(output.stdout) >= 2
