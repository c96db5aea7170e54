"""The steps from maps to people, on maps that are drawn for each rule."""

import cv2
import numpy as np
import pytest

from litepose_mm.decoding.part_affinity import (
    Body,
    Limb,
    PartAffinityRules,
    assemble,
    connect,
    find_keypoints,
)
from litepose_mm.decoding.part_affinity.limbs import _read_cubic

#: A chain of three parts, and a limb that closes the triangle without a score.
CHAIN = Body(3, ((0,), (1,), (2,)), (Limb(0, 1, 0), Limb(1, 2, 2), Limb(0, 2, 1, True)))
#: Without enlargement, so that pixels can be set one by one.
PLAIN = PartAffinityRules(body=CHAIN, upsample=1, min_keypoints=2)


def heatmaps(*points, shape=(12, 40)):
    """Zeros with points (part, x, y, value)."""
    maps = np.zeros((3, *shape), np.float32)
    for part, x, y, value in points:
        maps[part, y, x] = value
    return maps


def places(found):
    return list(zip(found.part.tolist(), found.x.tolist(), found.y.tolist()))


def test_peaks_exceed_their_four_neighbours_and_reach_the_threshold():
    maps = heatmaps(
        *((0, 5, 5, 0.5), (0, 6, 6, 0.6)),  # diagonal neighbours; too close, and the left one stays
        *((0, 15, 3, 0.1), (0, 25, 3, 0.0999)),
        *((1, 0, 0, 0.2), (1, 39, 11, 0.2)),  # corners
        *((2, 9, 9, 0.3), (2, 10, 9, 0.3)),  # a plateau has no peak
    )
    assert places(find_keypoints(maps, PLAIN)) == [(0, 5, 5), (0, 15, 3), (1, 0, 0), (1, 39, 11)]


def test_close_keypoints_are_suppressed_from_the_left():
    maps = heatmaps(
        *((0, 5, 2, 0.2), (0, 10, 2, 0.9), (0, 15, 2, 0.5), (0, 21, 2, 0.3)),
        *((1, 10, 2, 0.3), (0, 5, 10, 0.4)),
    )
    # The one at 10 is too close to that at 5, which leaves room for 15; 21 is just far enough.
    assert places(find_keypoints(maps, PLAIN)) == [
        *((0, 5, 2), (0, 5, 10), (0, 15, 2), (0, 21, 2)),
        (1, 10, 2),
    ]


def test_the_highest_keypoints_if_there_are_too_many():
    maps = heatmaps((0, 2, 2, 0.2), (0, 12, 2, 0.4), (0, 22, 2, 0.3), (1, 2, 2, 0.2))
    rules = PartAffinityRules(body=CHAIN, upsample=1, top_k=2)
    assert places(find_keypoints(maps, rules)) == [(0, 12, 2), (0, 22, 2), (1, 2, 2)]


def test_enlarged_maps():
    maps = np.random.default_rng(0).uniform(0, 1, (3, 6, 9)).astype(np.float32)
    found = find_keypoints(maps, PartAffinityRules(body=CHAIN))
    large = [cv2.resize(each, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC) for each in maps]
    assert len(found.x) > 5
    values = [large[part][y, x] for part, x, y in places(found)]
    np.testing.assert_allclose(found.scores, values, atol=1e-6)


@pytest.mark.parametrize('upsample', [1, 2, 4, 8])
def test_fields_are_read_as_if_they_were_enlarged(upsample):
    random = np.random.default_rng(0)
    fields = random.normal(size=(6, 5, 7)).astype(np.float32)
    rules = PartAffinityRules(body=CHAIN, upsample=upsample)
    y, x = np.mgrid[: 5 * upsample, : 7 * upsample]
    points = np.stack([x.ravel(), y.ravel()])[:, None, :].repeat(3, axis=1)
    values = _read_cubic(fields, points, rules, np.arange(4))
    for index, limb in enumerate(CHAIN.limbs):
        for axis in range(2):
            expected = cv2.resize(
                fields[2 * limb.field + axis],
                None,
                fx=upsample,
                fy=upsample,
                interpolation=cv2.INTER_CUBIC,
            )
            np.testing.assert_allclose(values[axis, index], expected.ravel(), atol=1e-5)


def fields_to_the_right(*rows, shape=(12, 40), strength=1.0):
    """Fields of all limbs that point to the right in some rows."""
    fields = np.zeros((6, *shape), np.float32)
    for row in rows:
        fields[::2, row] = strength
    return fields


def found(maps, fields, **options):
    rules = PartAffinityRules(body=CHAIN, upsample=1, **{'min_keypoints': 2, **options})
    keypoints = find_keypoints(maps, rules)
    connections = connect(fields, keypoints, rules)
    poses = assemble(connections, keypoints, rules)
    return connections, poses


def test_two_people():
    points = [(part, 4 + 10 * part, y, 0.5) for part in range(3) for y in (2, 9)]
    connections, poses = found(heatmaps(*points), fields_to_the_right(2, 9))
    assert [len(each) for each in connections] == [2, 2, 2]
    assert poses.ids.tolist() == [[0, 2, 4], [1, 3, 5]]
    assert poses.counts.tolist() == [3, 3]
    np.testing.assert_allclose(poses.scores, 3 * 0.5 + 2 * 1)


def test_each_end_is_used_once_and_the_best_connection_wins():
    maps = heatmaps((0, 4, 2, 0.5), (0, 4, 9, 0.5), (1, 24, 2, 0.5))
    fields = fields_to_the_right(2)
    fields[0] += 0.1  # the slanting connection agrees a little everywhere
    connections, _ = found(maps, fields)
    assert [(each.start, each.end) for each in connections[0]] == [(0, 2)]
    np.testing.assert_allclose(connections[0][0].score, 1.1, rtol=1e-6)


@pytest.mark.parametrize('gap, accepted', [(1, True), (2, False)])
def test_interrupted_limbs(gap, accepted):
    maps = heatmaps((0, 2, 5, 0.5), (1, 29, 5, 0.5))  # read at every third column
    fields = fields_to_the_right(5)
    fields[:, 5, 8 : 8 + 3 * gap] = 0
    connections, _ = found(maps, fields)
    assert len(connections[0]) == accepted
    if accepted:  # the gap does not lower the score
        np.testing.assert_allclose(connections[0][0].score, 1, rtol=1e-6)


def test_a_field_that_points_elsewhere():
    maps = heatmaps((0, 4, 5, 0.5), (1, 24, 5, 0.5))
    assert not found(maps, fields_to_the_right(5, strength=-1))[0][0]
    assert not found(maps, fields_to_the_right(5, strength=0.05))[0][0]
    assert found(maps, fields_to_the_right(5, strength=0.06))[0][0]


def test_parts_at_one_place_are_not_connected():
    connections, poses = found(heatmaps((0, 4, 5, 0.5), (1, 4, 5, 0.5)), fields_to_the_right(5))
    assert not any(connections) and poses.ids.shape == (0, 3)


def test_people_are_not_merged_and_filled_without_a_score():
    # No part 1 for the first person: part 2 is found, but the limb that only fills begins nobody.
    points = [(0, 4, 2, 0.5), (2, 24, 2, 0.5), (1, 14, 9, 0.5), (2, 24, 9, 0.5), (0, 4, 9, 0.5)]
    fields = fields_to_the_right(2, 9)
    fields[:2] = 0  # no connection from part 0 to part 1
    _, poses = found(heatmaps(*points), fields)
    assert poses.ids.tolist() == [[1, 2, 4]] and poses.counts.tolist() == [2]
    np.testing.assert_allclose(poses.scores, 2 * 0.5 + 1)


def test_filters():
    maps = heatmaps((0, 4, 5, 0.11), (1, 14, 5, 0.11), (2, 24, 5, 0.11))
    faint = fields_to_the_right(5, strength=0.1)
    # (3 * 0.11 + 2 * 0.1) / 3 = 0.177
    assert len(found(maps, faint, min_mean_score=0.17)[1].ids) == 1
    assert len(found(maps, faint, min_mean_score=0.18)[1].ids) == 0
    assert len(found(maps, faint, min_mean_score=0.17, min_keypoints=4)[1].ids) == 0


def test_nobody():
    connections, poses = found(heatmaps(), fields_to_the_right())
    assert connections == [[], [], []]
    assert poses.ids.shape == (0, 3) and poses.scores.shape == poses.counts.shape == (0,)
