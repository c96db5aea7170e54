"""Compare the decoding time of this package, plain and compiled, and of MMPose's codec.

All find people in the same tensors at the input's size, in turns within one run. The plain way is
that of an installation without a C++ compiler.

* ``levels``: heatmaps at 1/2 and tags at 1/4 of the input, which are the outputs of the network.
  MMPose needs full-size maps, so its time includes interpolation, as in MMPose's own head.
* ``full-size``: maps that are already interpolated to the input's size, for both.

People are the same if both codecs find the same number in the same order, and each keypoint that
MMPose detects is within a pixel of ours (MMPose has other rules for shifting peaks by a quarter
pixel and for filling missing keypoints; see docs/decoding.md), and if the plain and the compiled
way agree to the bit. With ``--rule mmpose``, our codec follows MMPose's rules. None limits the
number of people.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from mmpose.codecs import AssociativeEmbedding
from reporting import Rows, environment, print_table
from timing import in_turns

import litepose_mm.modules  # noqa: F401
from litepose_mm.codecs import MultiLevelAssociativeEmbedding
from litepose_mm.decoding import compiled, default_keypoint_order
from litepose_mm.media import write_json
from litepose_mm.testing import synthetic_maps

LIBRARY = compiled.library

RULES = {
    'litepose': dict(decode_max_instances=None),
    'mmpose': dict(
        decode_max_instances=None,
        decode_offset='mmpose',
        decode_missing='mmpose',
        decode_limit='mmpose',
    ),
}


def interpolate(maps: torch.Tensor, size) -> torch.Tensor:
    return F.interpolate(maps, size=size, mode='bilinear', align_corners=False)


def full_size(heatmaps: torch.Tensor, tags: torch.Tensor, size):
    """Interpolate maps, tags first to the heatmaps' size as in the authors' code."""
    tags = interpolate(tags, heatmaps.shape[2:])
    return interpolate(heatmaps, size), interpolate(tags, size)


def with_library(library, function):
    """Call a function with the compiled library, or None, in use."""
    compiled.library = library
    return function()


def same_bits(one, other) -> bool:
    """Return whether two results of the codec are equal."""
    return all(np.array_equal(*arrays) for parts in zip(one, other) for arrays in zip(*parts))


def same_people(ours, theirs, detected) -> bool:
    """Return whether both found the same people: number, scores, and peaks within a pixel.

    ``detected`` is our result without the search for missing keypoints, which are not compared.
    """
    (our_points, our_scores), (points, scores) = (
        (result[0][0], result[2][0]) for result in (ours, theirs)
    )
    if len(our_points) != len(points) or not np.allclose(our_scores, scores, atol=1e-5):
        return False
    distance = np.abs(our_points - points).max(-1)
    return bool((distance[detected[1][0] > 0] <= 1).all())


def compare(people: int, size, args) -> Rows:
    """Compare both codecs on the maps of an image, with rows for level and full-size maps."""
    level_sizes = [(size[1] // stride, size[0] // stride) for stride in (4, 2)]
    rule = RULES[args.rule]
    ours, peaks_only = (
        MultiLevelAssociativeEmbedding(size[::-1], level_sizes, **options)
        for options in (rule, dict(rule, decode_missing='none'))
    )
    theirs = AssociativeEmbedding(
        size[::-1],
        size[::-1],
        sigma=2,
        decode_topk=30,
        decode_center_shift=0.5,
        decode_keypoint_order=list(default_keypoint_order(args.keypoints)),
        decode_max_instances=None,
    )
    maps = synthetic_maps(people, size, args.keypoints, args.tag_dim)
    levels = [torch.from_numpy(m)[None] for m in maps[:2]]
    whole = full_size(*levels, size)

    rows = []
    for kind, inputs in (('levels', levels), ('full-size', whole)):
        at = dict(decode_hw=size)

        def run_theirs(kind=kind):
            return theirs.batch_decode(*(full_size(*levels, size) if kind == 'levels' else whole))

        def run_ours(inputs=inputs, at=at):
            return ours.batch_decode(*inputs, **at)

        ways = [run_theirs, partial(with_library, None, run_ours)]
        if LIBRARY:
            ways.append(partial(with_library, LIBRARY, run_ours))
        theirs_found, plain, *compiled_found = (way() for way in ways)
        detected = peaks_only.batch_decode(*inputs, **at)
        same = same_people(plain, theirs_found, detected)
        same = same and all(same_bits(plain, own) for own in compiled_found)
        times = in_turns(ways, args.repeats)
        row = dict(maps=kind, input=f'{size[1]}x{size[0]}', people=people)
        for index, name in enumerate(('mmpose', 'plain', 'compiled')[: len(ways)]):
            row[f'{name}_ms'] = np.median(times[:, index]) * 1e3
        for index, name in enumerate(('plain', 'compiled')[: len(ways) - 1], 1):
            row[f'{name}_ratio'] = np.median(times[:, 0] / times[:, index])
        rows.append(row | dict(same_people=same))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--people', type=int, nargs='+', default=[1, 5, 10, 20])
    parser.add_argument(
        '--sizes', nargs='+', default=['448x448', '832x448'], help='width x height of the input'
    )
    parser.add_argument('--keypoints', type=int, default=14)
    parser.add_argument(
        '--tag-dim', type=int, default=2, help='tags per keypoint, 2 with the flip test'
    )
    parser.add_argument('--repeats', type=int, default=20)
    parser.add_argument(
        '--threads', type=int, default=1, help='number of torch threads, for interpolation'
    )
    parser.add_argument('--rule', choices=RULES, default='litepose')
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    args = parser.parse_args()
    torch.set_num_threads(args.threads)

    report = dict(environment=environment(args.threads, args.repeats))
    print(report['environment'])
    report['decoding'] = [
        row
        for text in args.sizes
        for people in args.people
        for row in compare(people, tuple(int(side) for side in text.split('x'))[::-1], args)
    ]
    title = f'{args.keypoints} keypoints, {args.tag_dim} tags, rule {args.rule}'
    print_table(f'decoding: {title}', report['decoding'])
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
