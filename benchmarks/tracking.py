"""Measure id switches, jitter and lag of the tracker on synthetic videos with ground truth.

Detections are simulated, so that the figures depend on the tracker only: keypoints have noise in
proportion to a person's size, people are sometimes missed for one or several frames, false people
appear, and tags are noisy. All variants process the same frames.

*switches*: changes of a person's id per 1,000 detections. *fragments*: number of different ids of a
person. *jitter*: root mean square of the second difference of keypoints, and *error*: their mean
distance from the truth, both in percent of a person's size. *lag*: the delay that best explains the
distance from the truth, by least squares.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from reporting import environment, print_table

from litepose_mm.datasets.synthetic import SceneOptions, select_keypoints
from litepose_mm.evaluation.functional.oks import box_areas
from litepose_mm.media import write_json
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.tracking import PoseTracker

sys.path.append(str(Path(__file__).resolve().parents[1] / 'projects/synthetic_people'))
from synthetic_people import make_video

VARIANTS = {
    'default': {},
    'no tags': dict(tag_weight=0),
    'tags decide half': dict(tag_weight=0.5),
    'not smoothed': dict(smoothing=False),
    'smoother': dict(min_cutoff=0.5, beta=2),
}
SIZE = (640, 480)


class Truth(NamedTuple):
    """A person of a frame, or a false one."""

    number: int  # -1 for a false person
    keypoints: np.ndarray  # (K, 2)
    velocity: np.ndarray  # (K, 2), pixels per second; 0 if unknown
    extent: float  # square root of the box's area


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--videos', type=int, default=10)
    parser.add_argument('--frames', type=int, default=250, help='number of frames of each video')
    parser.add_argument('--fps', type=float, default=25)
    parser.add_argument('--people', type=int, nargs=2, default=(3, 8))
    parser.add_argument(
        '--noise',
        type=float,
        default=0.02,
        help='noise of keypoints, as a share of the size of a person',
    )
    parser.add_argument('--missed', type=float, default=0.1, help='share of people who are missed')
    parser.add_argument(
        '--missed-frames',
        type=int,
        nargs='+',
        default=(1, 5, 15),
        help='numbers of successive frames in which a person is missed',
    )
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    return parser.parse_args()


def true_frames(
    args: argparse.Namespace, index: int, skeleton: Skeleton
) -> Iterator[tuple[float, list[Truth]]]:
    """Yield the time and the people of each frame of a video."""
    selection = select_keypoints(skeleton.keypoint_names)
    options = SceneOptions(image_size=SIZE, people=tuple(args.people), stature=(0.3, 0.8))
    before: dict[int, np.ndarray] = {}
    for frame in make_video(options, 0, index, args.frames, args.fps, paint=False):
        people, now = [], {}
        for person, number in zip(frame.people, frame.ids):
            if person.visible_area < 0.2 * person.area:
                continue
            keypoints = now[number] = person.keypoints[selection]
            velocity = (keypoints - before.get(number, keypoints)) * args.fps
            area = box_areas(keypoints[None], np.ones((1, len(keypoints)), bool))[0]
            people.append(Truth(number, keypoints, velocity, float(np.sqrt(area))))
        yield frame.time, people
        before = now


def as_found(
    args: argparse.Namespace,
    index: int,
    frames: list[tuple[float, list[Truth]]],
    skeleton: Skeleton,
    in_a_row: int,
) -> Iterator[tuple[float, PoseResult, list[Truth]]]:
    """Yield time, simulated detections, and the person of each detection."""
    rng = np.random.default_rng((1, index))
    tags: dict[int, float] = {}
    until: dict[int, int] = {}  # the first frame in which a person is found again
    begins = args.missed / (1 - args.missed) / in_a_row
    for frame, (time, people) in enumerate(frames):
        found, keypoints, own_tags = [], [], []
        for truth in people:
            if frame >= until.get(truth.number, 0) and rng.random() < begins:
                until[truth.number] = frame + in_a_row
            if frame < until.get(truth.number, 0):
                continue
            noise = rng.normal(scale=args.noise * truth.extent, size=truth.keypoints.shape)
            found.append(truth)
            keypoints.append(truth.keypoints + noise)
            own_tags.append(tags.setdefault(truth.number, rng.normal(scale=2)))
        if found and rng.random() < 0.02:  # a false person
            found.append(found[-1]._replace(number=-1))
            keypoints.append(keypoints[-1] + rng.normal(scale=60, size=2))
            own_tags.append(rng.normal(scale=2))
        count, num_keypoints = len(found), skeleton.num_keypoints
        result = PoseResult(
            keypoints=np.reshape(keypoints, (count, num_keypoints, 2)),
            keypoint_scores=np.ones((count, num_keypoints)),
            scores=np.ones(count),
            skeleton=skeleton,
            image_size=SIZE,
            tags=np.reshape(own_tags, (count, 1)) + rng.normal(scale=0.2, size=(count, 1)),
        )
        yield time, result, found


def _crowdpose() -> Skeleton:
    import litepose_mm.modules  # noqa: F401

    # isort: split
    from mmpose.datasets.datasets.body import CrowdPoseDataset
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    return Skeleton.from_metainfo(parse_pose_metainfo(CrowdPoseDataset.METAINFO))


def measure(videos: list[list], options: dict) -> dict:
    switches = times_found = people = fragments = 0
    delay = movement = 0.0
    jitter, errors, seconds = [], [], []
    for frames in videos:
        tracker = PoseTracker(**options)
        ids: dict[int, list[int]] = {}
        paths: dict[int, list[np.ndarray]] = {}
        for time, result, found in frames:
            start = perf_counter()
            followed = tracker(result, time)
            seconds.append(perf_counter() - start)
            for own_id, keypoints, truth in zip(followed.ids, followed.keypoints, found):
                if truth.number < 0:
                    continue
                apart = keypoints - truth.keypoints
                ids.setdefault(truth.number, []).append(int(own_id))
                paths.setdefault(truth.number, []).append(apart / truth.extent)
                errors.append(np.linalg.norm(apart, axis=-1).mean() / truth.extent)
                delay -= float((apart * truth.velocity).sum())
                movement += float((truth.velocity**2).sum())
        for own in ids.values():
            switches += int(np.count_nonzero(np.diff(own)))
            times_found += len(own)
            fragments += len(set(own))
            people += 1
        jitter += [np.diff(path, n=2, axis=0).ravel() for path in paths.values() if len(path) > 2]
    return dict(
        switches_per_1000=1000 * switches / times_found,
        fragments=fragments / people,
        jitter_percent=100 * float(np.sqrt(np.mean(np.concatenate(jitter) ** 2))),
        error_percent=100 * float(np.mean(errors)),
        lag_milliseconds=1e3 * delay / movement if movement else 0.0,
        time_milliseconds=1e3 * float(np.median(seconds)),
    )


def main() -> None:
    args = parse_args()
    skeleton = _crowdpose()
    truths = [list(true_frames(args, index, skeleton)) for index in range(args.videos)]
    rows = []
    for in_a_row in args.missed_frames:
        videos = [
            list(as_found(args, index, frames, skeleton, in_a_row))
            for index, frames in enumerate(truths)
        ]
        rows += [
            dict(variant=name, missed_in_a_row=in_a_row, **measure(videos, options))
            for name, options in VARIANTS.items()
        ]
    report = dict(environment=environment(1, 1), tracking=rows)
    print_table('tracking', rows)
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
