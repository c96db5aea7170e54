import numpy as np
import pytest
from synthetic_people import make_video

from litepose_mm.datasets.synthetic import KEYPOINTS, SceneOptions
from litepose_mm.errors import LitePoseError

OPTIONS = SceneOptions(image_size=(96, 64), people=(2, 4), stature=(0.5, 0.8))


def video(index=0, frames=6, fps=5.0):
    return list(make_video(OPTIONS, 0, index, frames, fps))


def test_the_same_arguments_give_the_same_video():
    for one, other in zip(video(), video(), strict=True):
        assert np.array_equal(one.image, other.image) and one.ids == other.ids
    assert not np.array_equal(video()[0].image, video(index=1)[0].image)


def test_people_go_on_at_constant_speeds_and_the_background_stays():
    pelvis = [KEYPOINTS.index(name) for name in ('left_hip', 'right_hip')]
    places, moved = {}, 0
    frames = video(frames=12)
    for frame in frames:
        assert len(frame.ids) == len(set(frame.ids)) == len(frame.people)
        for number, person in zip(frame.ids, frame.people):
            place = person.keypoints[pelvis].mean(axis=0)[0]
            places.setdefault(number, []).append((frame.time, place))
    for path in places.values():
        if len(path) > 3:
            times, x = np.transpose(path)
            line = np.polyval(np.polyfit(times, x, 1), times)
            assert np.abs(line - x).max() < 2  # hips turn a little with the gait
            moved += abs(x[-1] - x[0]) > 5
    assert moved
    still = np.all([np.ptp([f.image for f in frames], axis=0).max(axis=-1) == 0], axis=0)
    assert 0.2 < still.mean() < 1


def test_gaits_have_cycles():
    knee = KEYPOINTS.index('left_knee')
    heights = [
        person.keypoints[knee, 1]
        for frame in video(frames=20, fps=10)
        for number, person in zip(frame.ids, frame.people)
        if number == max(frame.ids)
    ]
    assert np.ptp(heights) > 0


def test_no_video():
    with pytest.raises(LitePoseError, match='expected frames and fps above 0, got 0 and 25'):
        next(make_video(OPTIONS, 0, 0, 0))
