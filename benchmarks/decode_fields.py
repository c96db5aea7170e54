"""Measure the decoding of part affinity fields, and compare it with enlarging all maps.

Both find people in the same heatmaps and fields, in turns within one run, with one thread of
OpenCV. This package enlarges only heatmaps, and reads fields where limbs are sampled. ``plain``
enlarges all maps by cubic interpolation first, as the authors do, and then finds people likewise.
"""

import argparse
from pathlib import Path

import cv2
import msgspec
import numpy as np
from reporting import Rows, environment, print_table
from timing import in_turns

from litepose_mm.decoding import PartAffinity, PartAffinityRules
from litepose_mm.decoding.part_affinity import BODIES, assemble, connect, find_keypoints
from litepose_mm.media import write_json
from litepose_mm.testing import outputs_with_people

BODY = BODIES['coco']
RULES = PartAffinityRules(body=BODY)
DECODER = PartAffinity(rules=RULES, stride=8)
ENLARGED = PartAffinity(rules=msgspec.structs.replace(RULES, upsample=1), stride=2)


def enlarge(maps: np.ndarray) -> np.ndarray:
    size = maps.shape[3] * RULES.upsample, maps.shape[2] * RULES.upsample
    large = [cv2.resize(each, size, interpolation=cv2.INTER_CUBIC) for each in maps[0]]
    return np.stack(large)[None]


def compare(people: int, shape_hw: tuple[int, int], rounds: int) -> Rows:
    """Measure one number of people; the steps are measured in turns with the whole."""
    heatmaps, fields = outputs = outputs_with_people(DECODER, people, shape_hw)
    parts = heatmaps[0, : BODY.num_parts]
    keypoints = find_keypoints(parts, RULES)
    connections = connect(fields[0], keypoints, RULES)

    def ours():
        return DECODER.decode(outputs, shape_hw, [None])[0]

    def plain():
        return ENLARGED.decode([enlarge(each) for each in outputs], shape_hw, [None])[0]

    one, other = ours(), plain()
    steps = {
        'ours': ours,
        'plain': plain,
        'keypoints': lambda: find_keypoints(parts, RULES),
        'limbs': lambda: connect(fields[0], keypoints, RULES),
        'people': lambda: assemble(connections, keypoints, RULES),
    }
    times = np.median(in_turns(list(steps.values()), rounds), axis=0) * 1e3
    return [
        dict(
            input='{1}x{0}'.format(*shape_hw),
            people=people,
            found=len(one.keypoints),
            same=bool(np.array_equal(one.keypoints, other.keypoints)),
            **{f'{name}_ms': time for name, time in zip(steps, times.tolist())},
        )
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--people', type=int, nargs='+', default=[1, 5, 10, 20])
    parser.add_argument('--size', default='456x256', help='width x height of the input')
    parser.add_argument('--rounds', type=int, default=200)
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    cv2.setNumThreads(1)
    width, height = map(int, args.size.split('x'))
    report = dict(environment=environment(1, args.rounds))
    print(report['environment'])
    rows = [compare(people, (height, width), args.rounds) for people in args.people]
    report['decoding'] = [row for each in rows for row in each]
    print_table('decoding of part affinity fields', report['decoding'])
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
