"""Check an annotation file in COCO's form before training on it, and fix simple problems.

Each problem is printed in a line: kind, image or annotation, field, and what is wrong. The exit
status is 1 if there are problems, or with ``--fix``, if some remain.

Examples::

    python tools/misc/check_annotations.py ann.json --images images/
    python tools/misc/check_annotations.py ann.json --dataset crowdpose
    python tools/misc/check_annotations.py ann.json --images images/ --fix fixed.json --drop
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import litepose_mm.modules  # noqa: F401
from litepose_mm.annotations import (
    Check,
    Problem,
    is_crowdpose,
    keypoint_names,
    read_annotations,
    read_text,
)
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable, replacing


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('annotations', type=Path, help="annotation file in COCO's form (.json)")
    parser.add_argument('--images', type=Path, help='folder of the images')
    parser.add_argument('--decode', action='store_true', help='decode every image completely')
    parser.add_argument(
        '--dataset', help='expected keypoints: those of coco, of crowdpose or of a config'
    )
    parser.add_argument('--most', type=int, default=20, help='number of lines for each kind')
    parser.add_argument('--fix', type=Path, metavar='OUT', help='fixed file to write')
    parser.add_argument(
        '--drop', action='store_true', help='with --fix, leave out everything that cannot be used'
    )
    return parser.parse_args()


def summary(problems: Sequence[Problem]) -> str:
    """Count the problems of each kind."""
    counts = Counter(problem.kind for problem in problems)
    return ', '.join(f'{kind} {count}' for kind, count in counts.items()) or 'none'


def run(args: argparse.Namespace) -> int:
    """Check, report and fix; return the exit status."""
    if args.drop and not args.fix:
        raise LitePoseError('--drop: expected --fix OUT, too')
    if args.fix:
        check_writable(args.fix)
    document = read_annotations(args.annotations)
    if args.images is not None and not args.images.is_dir():
        raise LitePoseError(f'--images {args.images}: no such folder')
    names = keypoint_names(args.dataset) if args.dataset else None
    expected = dict(
        images=args.images,
        names=names,
        decode=args.decode,
        crowdpose=is_crowdpose(args.dataset) if args.dataset else None,
    )
    check = Check(document, **expected)
    problems = check.problems
    _, encoding = read_text(args.annotations)
    if encoding != 'utf-8':
        text = f'read as {encoding}, but most tools read only UTF-8 without a byte order mark'
        problems.insert(0, Problem('encoding', 'file', None, 'encoding', text, fixed=True))
    counts = Counter(problem.kind for problem in problems)
    shown = Counter()
    for problem in problems:
        shown[problem.kind] += 1
        if shown[problem.kind] <= args.most:
            print(problem)
        elif shown[problem.kind] == args.most + 1:
            print(f'{problem.kind}: … {counts[problem.kind] - args.most} more')
    total = f'{len(document["images"])} images, {len(document["annotations"])} annotations'
    print(f'{args.annotations}: {total}; problems: {summary(problems)}')
    if args.fix:
        fixed, done = check.fixed(args.drop)
        with replacing(args.fix) as part:
            part.write_text(json.dumps(fixed), encoding='utf-8')
        problems = Check(fixed, **expected).problems
        told = ', '.join(f'{what}: {count}' for what, count in done.items()) or 'nothing to fix'
        print(f'{args.fix}: {told}; problems left: {summary(problems)}')
    return 1 if problems else 0


def main() -> int:
    return run(parse_args())


if __name__ == '__main__':
    sys.exit(run_tool(main))
