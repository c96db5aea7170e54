import msgspec
import numpy as np
import pytest

from litepose_mm.decoding.part_affinity import BODIES, Body, Limb, get_body
from litepose_mm.errors import LitePoseError

COCO = BODIES['coco']
FLIP = [0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15]


def test_sizes():
    assert (COCO.num_heatmaps, COCO.num_field_channels) == (19, 38)
    crowdpose = BODIES['crowdpose']
    assert (crowdpose.num_keypoints, crowdpose.num_heatmaps) == (14, 15)
    assert crowdpose.num_field_channels == 26


@pytest.mark.parametrize('name', BODIES)
def test_limbs_reach_every_part_from_the_neck(name):
    body = BODIES[name]
    reached = {body.limbs[0].start}
    for limb in body.limbs:
        assert limb.start in reached
        reached.add(limb.end)
    assert reached == set(range(body.num_parts))


def test_the_neck_is_between_visible_shoulders():
    keypoints = np.arange(34.0).reshape(1, 17, 2)
    visible = np.ones((1, 17))
    positions, weights = COCO.part_positions(keypoints, visible)
    np.testing.assert_array_equal(positions[0, 1], keypoints[0, 5:7].mean(0))
    assert weights.all()
    np.testing.assert_array_equal(positions[:, COCO.keypoint_parts], keypoints)
    visible[0, 5] = 0
    _, weights = COCO.part_positions(keypoints, visible)
    assert np.flatnonzero(weights[0] == 0).tolist() == [1, 5]


def test_mirror_partners():
    parts = COCO.flipped_parts(FLIP)
    assert parts[:8] == [0, 1, 5, 6, 7, 2, 3, 4]
    fields = COCO.flipped_fields(FLIP)
    assert [fields[field] for field in fields] == list(range(19))
    limbs = {limb.field: limb for limb in COCO.limbs}
    for field, partner in enumerate(fields):
        one, other = limbs[field], limbs[partner]
        assert (parts[one.start], parts[one.end]) == (other.start, other.end)


def test_all_parts_as_keypoints():
    body = COCO.with_parts_as_keypoints()
    assert body.num_keypoints == 18 and body.keypoint_parts == list(range(18))
    assert body.limbs == COCO.limbs


def test_plain_values():
    assert get_body(msgspec.to_builtins(COCO)) == COCO == get_body('coco') == get_body(COCO)


@pytest.mark.parametrize(
    'source, message',
    [
        ('mpii', "expected coco, crowdpose, or .* got 'mpii'"),
        (dict(num_keypoints=2, parts=[[0], [1]], limbs=[]), 'limbs: expected pairs'),
        (dict(num_keypoints=2, parts=[[0], [0]], limbs=[[0, 1, 0]]), 'parts: expected each'),
        (dict(num_keypoints=2, parts=[[0], [1], [0, 5]], limbs=[[0, 1, 0]]), 'parts: expected'),
        (dict(num_keypoints=2, parts=[[0], [1]], limbs=[[0, 2, 0]]), 'parts 0 to 1'),
        (dict(num_keypoints=2, parts=[[0], [1]], limbs=[[0, 0, 0]]), 'different parts'),
        (dict(num_keypoints=2, parts=[[0], [1]], limbs=[[0, 1, 1]]), 'fields 0 to 0 once'),
        (dict(num_keypoints=2, parts=[[0], [1]]), 'missing required field `limbs`'),
    ],
)
def test_refuses(source, message):
    with pytest.raises(LitePoseError, match=message):
        get_body(source)


def test_any_body():
    body = Body(2, ((0,), (1,), (0, 1)), (Limb(2, 0, 1), Limb(2, 1, 0)))
    assert body.keypoint_parts == [0, 1]
    assert body.flipped_parts([1, 0]) == [1, 0, 2] and body.flipped_fields([1, 0]) == [1, 0]
