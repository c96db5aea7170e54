import numpy as np
import pytest
from pose_builders import make_skeleton

from litepose_mm.errors import LitePoseError
from litepose_mm.structures import PoseResult
from litepose_mm.tracking import PoseTracker

SKELETON = make_skeleton(
    keypoint_names=tuple('abcd'),
    links=(),
    flip_indices=(1, 0, 3, 2),
    sigmas=(0.08,) * 4,
    keypoint_colors=None,
    link_colors=None,
)
BODY = np.array([[0, 0], [40, 0], [0, 100], [40, 100]], dtype=float)


def people(*places, tags=None, scores=None, size=(640, 480)):
    """Bodies with their upper left corner at each place."""
    keypoints = np.array([BODY + place for place in places]).reshape(-1, 4, 2)
    if scores is None:
        scores = np.ones(keypoints.shape[:2])
    tags = None if tags is None else np.array(tags, dtype=float)[:, None]
    return PoseResult(keypoints, scores, np.ones(len(keypoints)), SKELETON, size, tags)


def ids(tracker, frames, step=0.1):
    return [tracker(each, step * number).ids.tolist() for number, each in enumerate(frames, 1)]


def test_ids_stay_whatever_the_order():
    frames = [people((10 + x, 0), (300 - x, 50)) for x in (0, 5)] + [people((290, 50), (20, 0))]
    assert ids(PoseTracker(), frames) == [[0, 1], [0, 1], [1, 0]]


def test_people_who_meet_keep_their_ids():
    frames = [people((10 * n, 0), (300 - 10 * n, 4)) for n in range(31)]
    assert set(map(tuple, ids(PoseTracker(), frames))) == {(0, 1)}


def test_newcomers_and_who_leaves():
    here, there = (0, 0), (400, 0)
    frames = [people(here), people(here, there), people(there), people(), people(there, here)]
    assert ids(PoseTracker(), frames) == [[0], [0, 1], [1], [], [1, 0]]
    assert ids(PoseTracker(max_age=0.15), frames) == [[0], [0, 1], [1], [], [2, 3]]


def test_tags_tell_people_apart_who_stand_together():
    frames = [people((0, 0), (14, 0), tags=[0, 3]), people((7, 0), (7, 1), tags=[3, 0])]
    assert ids(PoseTracker(), frames) == [[0, 1], [1, 0]]
    # one of them is somebody else
    strict = PoseTracker(tag_weight=1, min_similarity=0.5)
    assert ids(strict, [people((0, 0), tags=[0]), people((0, 0), tags=[3])]) == [[0], [1]]


def test_pairs_that_are_too_unlike_do_not_outweigh_one_that_is_not(monkeypatch):
    tracker = PoseTracker(min_similarity=0.2)
    assert ids(tracker, [people((0, 0), (300, 0))]) == [[0, 1]]
    matrix = np.array([[0.227, 0.184], [0.119, 0.012]])  # 0.184 + 0.119 > 0.227 + 0.012
    monkeypatch.setattr('litepose_mm.tracking.tracker.keypoint_similarity', lambda *_: matrix)
    assert tracker(people((0, 0), (300, 0)), 1.0).ids.tolist() == [0, 2]


@pytest.mark.parametrize('missed', [1, 6, 12])
def test_who_is_missed_for_a_while_is_found_again_where_they_went(missed):
    """At 100 pixels a second, 20 frames a second; a body is 40 pixels wide."""
    frames = [people((5 * n, 0)) for n in range(60)]
    frames[40 : 40 + missed] = [people()] * missed
    found = [each for each in ids(PoseTracker(), frames, step=0.05) if each]
    assert found == [[0]] * (60 - missed)


def test_who_shows_few_keypoints_for_a_moment_keeps_the_id():
    few = np.array([[1, 0, 0, 0]])
    frames = [people((0, 0)), people((3, 0), scores=few), people((6, 0), scores=few)]
    assert ids(PoseTracker(), [*frames, people((9, 0))]) == [[0]] * 4


def test_somebody_found_twice_once_does_not_change_ids_for_ever():
    rng = np.random.default_rng(0)
    frames = [people((0, 0), tags=[0]), people((0, 0), (1, 0), tags=[0, 0.1])]
    frames += [people((0, 0), tags=[tag]) for tag in rng.normal(scale=0.1, size=30)]
    followed = [each[0] for each in ids(PoseTracker(), frames)]
    assert np.count_nonzero(np.diff(followed)) <= 1


def test_keypoints_are_smoothed_where_they_are_found():
    rng = np.random.default_rng(0)
    noisy = [people(rng.normal(size=2)) for _ in range(60)]
    missing = np.array([[1, 1, 1, 0]])
    noisy += [people((0, 0), scores=missing)]
    tracker, plain = PoseTracker(), PoseTracker(smoothing=False)
    smooth = [tracker(each, 0.03 * n).keypoints for n, each in enumerate(noisy)]
    as_it_came = [plain(each, 0.03 * n).keypoints for n, each in enumerate(noisy)]
    assert all(np.array_equal(a, b.keypoints) for a, b in zip(as_it_came, noisy))
    moves = [np.abs(np.diff(np.array(each[20:60]), axis=0)).mean() for each in (smooth, as_it_came)]
    assert moves[0] < 0.5 * moves[1]
    assert smooth[-1][0, 3].tolist() == BODY[3].tolist()  # not found


def test_other_results_begin_anew():
    tracker = PoseTracker()
    assert tracker(people((0, 0)), 1.0).ids.tolist() == [0]
    assert tracker(people((0, 0), size=(320, 240)), 2.0).ids.tolist() == [1]
    with pytest.raises(LitePoseError, match='expected a time after 2 s, got 2 s'):
        tracker(people((0, 0)), 2.0)


@pytest.mark.parametrize(
    'options', [dict(min_similarity=0), dict(tag_weight=2), dict(max_age=-1), dict(tag_spread=0)]
)
def test_other_numbers(options):
    with pytest.raises(LitePoseError, match='tracker: expected min_similarity'):
        PoseTracker(**options)
