"""How well people are followed: id switches and jitter, on synthetic videos with their truth.

People are found as a network might: keypoints with noise in proportion to a person's size, now and
then nobody, or somebody who is not there; tags with noise of their own. So the figures are of the
tracker alone. Variants take the same frames.

*switches*: how often a person gets another id than before, per 1,000 times a person is found.
*fragments*: different ids of a person. *jitter*: root mean square of the second difference of
keypoints, and *error*: their mean distance from the truth, both in percent of a person's size.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import numpy as np
from reporting import environment, print_table

from litepose_mm.datasets.synthetic import SceneOptions, make_video, select_keypoints
from litepose_mm.media import write_json
from litepose_mm.similarity import box_areas
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.tracking import PoseTracker

VARIANTS = {
    'default': {},
    'no tags': dict(tag_weight=0),
    'tags alone decide half': dict(tag_weight=0.5),
    'not smoothed': dict(smoothing=False),
    'smoother': dict(min_cutoff=0.5, beta=1),
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--videos', type=int, default=10)
    parser.add_argument('--frames', type=int, default=250, help='of each video')
    parser.add_argument('--fps', type=float, default=25)
    parser.add_argument('--people', type=int, nargs=2, default=(3, 8))
    parser.add_argument('--noise', type=float, default=0.02, help="share of a person's size")
    parser.add_argument('--missed', type=float, default=0.1, help='share of people not found')
    parser.add_argument('--out', type=Path, help='write the figures as JSON')
    return parser.parse_args()


def found(args: argparse.Namespace, index: int) -> Iterator[tuple[float, PoseResult, list, list]]:
    """Time, people as they are found, who they are (-1: nobody), and the true keypoints."""
    rng = np.random.default_rng((1, index))
    skeleton = Skeleton.from_metainfo(_crowdpose())
    selection = select_keypoints(skeleton.keypoint_names)
    size = (640, 480)
    options = SceneOptions(image_size=size, people=tuple(args.people), stature=(0.3, 0.8))
    tags: dict[int, float] = {}
    for frame in make_video(options, 0, index, args.frames, args.fps, paint=False):
        keypoints, truths, owners, own_tags = [], [], [], []
        for person, number in zip(frame.people, frame.ids):
            if person.visible_area < 0.2 * person.area or rng.random() < args.missed:
                continue
            truth = person.keypoints[selection]
            extent = np.sqrt(box_areas(truth[None], np.ones((1, len(truth)), bool))[0])
            keypoints.append(truth + rng.normal(scale=args.noise * extent, size=truth.shape))
            truths.append(truth)
            owners.append(number)
            own_tags.append(tags.setdefault(number, rng.normal(scale=2)) + rng.normal(scale=0.2))
        if keypoints and rng.random() < 0.02:  # a ghost
            keypoints.append(keypoints[-1] + rng.normal(scale=60, size=2))
            truths.append(None)
            owners.append(-1)
            own_tags.append(rng.normal(scale=2))
        count = len(owners)
        joints = skeleton.num_keypoints
        result = PoseResult(
            keypoints=np.reshape(keypoints, (count, joints, 2)),
            keypoint_scores=np.ones((count, joints)),
            scores=np.ones(count),
            skeleton=skeleton,
            image_size=size,
            tags=np.reshape(own_tags, (count, 1)),
        )
        yield frame.time, result, owners, truths


def _crowdpose() -> dict:
    import litepose_mm.modules  # noqa: F401

    # isort: split
    from mmpose.datasets.datasets.body import CrowdPoseDataset
    from mmpose.datasets.datasets.utils import parse_pose_metainfo

    return parse_pose_metainfo(CrowdPoseDataset.METAINFO)


def measure(videos: list[list], options: dict) -> dict:
    switches = times_found = people = fragments = 0
    jitter, errors, seconds = [], [], []
    for frames in videos:
        tracker = PoseTracker(**options)
        ids: dict[int, list[int]] = {}
        paths: dict[int, list[np.ndarray]] = {}
        for time, result, owners, truths in frames:
            start = perf_counter()
            followed = tracker(result, time)
            seconds.append(perf_counter() - start)
            for index, (owner, truth) in enumerate(zip(owners, truths)):
                if owner < 0:
                    continue
                ids.setdefault(owner, []).append(int(followed.ids[index]))
                own = followed.keypoints[index]
                extent = np.sqrt(box_areas(truth[None], np.ones((1, len(truth)), bool))[0])
                errors.append(np.linalg.norm(own - truth, axis=-1).mean() / extent)
                paths.setdefault(owner, []).append((own - truth) / extent)
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
        milliseconds=1e3 * float(np.median(seconds)),
    )


def main() -> None:
    args = parse_args()
    videos = [list(found(args, index)) for index in range(args.videos)]
    rows = [dict(variant=name, **measure(videos, options)) for name, options in VARIANTS.items()]
    report = dict(environment=environment(1, 1), tracking=rows)
    print_table('tracking', rows)
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
