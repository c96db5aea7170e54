"""Check an annotation file in COCO's form before training on it, and mend what is mechanical.

Every problem is a line: kind, image or annotation, field, what is wrong. Exit status 1 if there is
any (with ``--fix``: if any is left).

Examples::

    python tools/misc/check_annotations.py ann.json --images images/
    python tools/misc/check_annotations.py ann.json --dataset crowdpose
    python tools/misc/check_annotations.py ann.json --images images/ --fix fixed.json --drop
"""

import argparse
import json
import math
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from litepose_mm.errors import LitePoseError
from litepose_mm.files import replacing

_MARGIN = 1.0  # pixels that a box or a keypoint may lie outside
_FIXABLE = ('size', 'num_keypoints')
# CrowdPose does not count these in num_keypoints.
_NOT_COUNTED = {'head', 'top_head', 'neck'}


class Problem(NamedTuple):
    """One thing that is wrong.

    Attributes:
        kind: What sort of problem, for counting.
        where: ``'file'``, ``'image'`` or ``'annotation'``.
        id: Id of the image or annotation; None for the file.
        field: The field it is about.
        message: What was expected and what came.
        malformed: Whether the entry cannot be used at all.
    """

    kind: str
    where: str
    id: Any
    field: str
    message: str
    malformed: bool = False

    def __str__(self) -> str:
        of = '' if self.id is None else f' {self.id}'
        return f'{self.kind}: {self.where}{of}: {self.field}: {self.message}'


def read_annotations(path: Path) -> dict:
    """Reads a file of annotations.

    Raises:
        LitePoseError: It is missing, no JSON or no mapping with images and annotations.
    """
    try:
        document = json.loads(path.read_text())
    except OSError as error:
        raise LitePoseError(f'{path}: {error.strerror}') from error
    except ValueError as error:
        raise LitePoseError(f'{path}: no JSON ({error})') from error
    lists = isinstance(document, dict) and all(
        isinstance(document.get(key), list) for key in ('images', 'annotations')
    )
    if not lists:
        raise LitePoseError(f'{path}: expected a mapping with the lists images and annotations')
    return document


def keypoint_names(dataset: str) -> tuple[str, ...]:
    """Names of a data set's keypoints: ``'coco'``, ``'crowdpose'`` or those of a config's.

    Raises:
        LitePoseError: No such data set.
    """
    from litepose_mm import compat

    compat.apply()
    import mmpose
    from mmengine.config import Config
    from mmengine.registry import init_default_scope
    from mmpose.datasets.datasets.utils import parse_pose_metainfo
    from mmpose.registry import DATASETS

    from litepose_mm.structures import Skeleton

    if not dataset.endswith('.py'):
        configs = Path(mmpose.__file__).parent / '.mim/configs'
        metainfo = dict(from_file=str(configs / f'_base_/datasets/{dataset}.py'))
    else:
        config = Config.fromfile(dataset)
        init_default_scope(config.get('default_scope', 'mmpose'))
        wanted = config.train_dataloader.dataset
        metainfo = wanted.get('metainfo') or DATASETS.get(wanted.type).METAINFO
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # MMPose tells where it found its own file
            return Skeleton.from_metainfo(parse_pose_metainfo(dict(metainfo))).keypoint_names
    except FileNotFoundError as error:
        raise LitePoseError(
            f'--dataset {dataset}: expected coco, crowdpose or a config file'
        ) from error


def image_size(path: Path) -> tuple[int, int]:
    """Width and height as OpenCV loads the picture, from its header.

    Raises:
        OSError: It is missing or no picture.
    """
    from PIL import Image

    with Image.open(path) as image:
        turned = image.getexif().get(0x0112, 1) >= 5  # orientation
        return image.size[::-1] if turned else image.size


def check(
    document: dict,
    images: Path | None = None,
    names: tuple[str, ...] | None = None,
    decode: bool = False,
) -> Iterator[Problem]:
    """Finds everything that is wrong.

    Args:
        document: What :func:`read_annotations` returned.
        images: Folder of the pictures, to look whether they are there and of which size.
        names: Names of the keypoints that are expected; those of the file by default.
        decode: Reads every picture to its end.
    """
    entries: dict[Any, dict] = {}
    yield from _check_ids(document['images'], 'image')
    yield from _check_ids(document['annotations'], 'annotation')
    for image in document['images']:
        if isinstance(image, dict) and 'id' in image:
            entries[image['id']] = image
    people = defaultdict(list)
    for annotation in document['annotations']:
        if isinstance(annotation, dict):
            people[annotation.get('image_id')].append(annotation)

    own = _names_of_file(document)
    if names is not None and own and len(own) != len(names):
        yield Problem(
            'names', 'file', None, 'categories', f'{len(own)} keypoints, expected {len(names)}'
        )
    names = names or tuple(own)
    if not document.get('categories'):
        yield Problem('missing field', 'file', None, 'categories', 'expected at least one')
    for image in entries.values():
        yield from _check_image(image, people[image['id']], images, decode)
    for annotation in document['annotations']:
        if isinstance(annotation, dict):
            yield from _check_annotation(annotation, entries, names)
    for image_id in sorted({key for key in people if key not in entries}, key=str):
        ids = ', '.join(str(a.get('id')) for a in people[image_id][:5])
        yield Problem(
            'no such image', 'image', image_id, 'id', f'annotations {ids} name it', malformed=True
        )


def _check_ids(entries: list, where: str) -> Iterator[Problem]:
    seen = Counter()
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or 'id' not in entry:
            text = f'entry {index} of the list has none'
            yield Problem('missing field', where, None, 'id', text, malformed=True)
        else:
            seen[entry['id']] += 1
    for key, times in seen.items():
        if times > 1:
            yield Problem('duplicate id', where, key, 'id', f'{times} times')


def _names_of_file(document: dict) -> list[str]:
    for category in document.get('categories') or ():
        if isinstance(category, dict) and category.get('keypoints'):
            return list(category['keypoints'])
    return []


def _check_image(
    image: dict, people: list[dict], images: Path | None, decode: bool
) -> Iterator[Problem]:
    key = image['id']

    def problem(kind: str, field: str, message: str, malformed: bool = False) -> Problem:
        return Problem(kind, 'image', key, field, message, malformed)

    for field in ('file_name', 'width', 'height'):
        if field not in image:
            yield problem('missing field', field, 'expected one', field == 'file_name')
    size = image.get('width'), image.get('height')
    if not all(_is_number(side) and side > 0 for side in size):
        if None not in size:
            yield problem('size', 'width, height', f'expected two positive numbers, got {size}')
        size = None
    if images is not None and isinstance(image.get('file_name'), str):
        path = images / image['file_name']
        try:
            real = image_size(path)
            if decode:
                _decode(path)
        except FileNotFoundError:
            yield problem('missing image', 'file_name', f'no file {path}', malformed=True)
            return
        except OSError as error:
            reason = ' '.join(str(error).split())
            yield problem('broken image', 'file_name', f'{path}: {reason}', malformed=True)
            return
        if size is not None and real != size:
            how = 'swapped' if real == size[::-1] else 'wrong'
            yield problem('size', 'width, height', f'{how}: file {size}, picture {real}')
    elif size is not None and _fits(people, size[::-1]) > _fits(people, size):
        yield problem(
            'size',
            'width, height',
            f'swapped, it seems: people fit into {size[::-1]}, not into {size}',
        )


def _decode(path: Path) -> None:
    """Reads a picture to its end; raises OSError when it stops before."""
    from PIL import Image

    with Image.open(path) as image:
        image.load()


def _fits(people: list[dict], size: tuple[float, float]) -> int:
    """How many people lie inside of a picture of this size."""
    fitting = 0
    for person in people:
        points = [p[:2] for p in _triples(person.get('keypoints')) if p[2] > 0]
        box = person.get('bbox')
        if _is_box(box):
            points.append((box[0] + box[2], box[1] + box[3]))
        fitting += all(x <= size[0] + _MARGIN and y <= size[1] + _MARGIN for x, y in points)
    return fitting


def _check_annotation(annotation: dict, images: dict, names: tuple[str, ...]) -> Iterator[Problem]:
    key = annotation.get('id')

    def problem(kind: str, field: str, message: str, malformed: bool = False) -> Problem:
        return Problem(kind, 'annotation', key, field, message, malformed)

    for field in ('image_id', 'category_id', 'bbox', 'keypoints', 'iscrowd'):
        if field not in annotation:
            needed = field in ('image_id', 'category_id')
            if not (field in ('keypoints', 'iscrowd') and annotation.get('iscrowd')):
                yield problem('missing field', field, 'expected one', needed)
    image = images.get(annotation.get('image_id'), {})
    size = image.get('width'), image.get('height')
    size = size if all(_is_number(side) for side in size) else None
    yield from _check_keypoints(annotation, size, names, problem)
    box = annotation.get('bbox')
    if box is not None:
        if not _is_box(box):
            text = f'expected four finite numbers, got {box}'
            yield problem('bbox', 'bbox', text, malformed=True)
        elif box[2] <= 0 or box[3] <= 0:
            if annotation.get('num_keypoints'):
                yield problem('bbox', 'bbox', f'expected a positive size, got {box}')
        elif size and not _inside(box, size):
            yield problem('bbox outside', 'bbox', f'{box} in a picture of {size}')
    segmentation = annotation.get('segmentation')
    if segmentation is not None:
        reason = _segmentation_problem(segmentation, size)
        if reason:
            yield problem('segmentation', 'segmentation', reason, malformed=True)


def _check_keypoints(
    annotation: dict, size: tuple | None, names: tuple[str, ...], problem: Callable
) -> Iterator[Problem]:
    values = annotation.get('keypoints')
    if values is None:
        return
    if not isinstance(values, list) or not all(map(_is_number, values)):
        text = 'expected a list of finite numbers'
        yield problem('keypoints', 'keypoints', text, malformed=True)
        return
    count = len(names)
    expected = f'3 for each of {count} keypoints' if count else 'x, y, v each'
    if len(values) % 3 or (count and len(values) != 3 * count):
        text = f'expected {expected}, got {len(values)} numbers'
        yield problem('keypoint count', 'keypoints', text, malformed=True)
        return
    points = _triples(values)
    flags = {v for _, _, v in points if v not in (0, 1, 2)}
    if flags:
        yield problem('visibility', 'keypoints', f'expected v of 0, 1 or 2, got {sorted(flags)}')
    labelled = [p for p in points if p[2] > 0]
    counted = len(labelled)
    if _NOT_COUNTED & set(names):
        counted = sum(v > 0 for name, (_, _, v) in zip(names, points) if name not in _NOT_COUNTED)
    if annotation.get('num_keypoints', counted) not in (counted, len(labelled)):
        text = f'{annotation["num_keypoints"]}, but {len(labelled)} are labelled'
        yield problem('num_keypoints', 'num_keypoints', text)
    outside = [
        index
        for index, (x, y, v) in enumerate(points)
        if v > 0 and size and not _inside((x, y, 0, 0), size)
    ]
    if outside:
        where = ', '.join(f'{i} at {points[i][:2]}' for i in outside[:3])
        yield problem('keypoint outside', 'keypoints', f'{where} in a picture of {size}')


def _segmentation_problem(segmentation: Any, size: tuple | None) -> str | None:
    """What is wrong with an RLE or polygons."""
    if isinstance(segmentation, dict):
        area = segmentation.get('size')
        if not (isinstance(area, list) and len(area) == 2 and all(map(_is_number, area))):
            return f'RLE: expected the size (height, width), got {area}'
        if size and tuple(area) != size[::-1]:
            return f'RLE: size {area}, expected {list(size[::-1])} (height, width)'
        counts = segmentation.get('counts')
        if isinstance(counts, list):
            if not all(_is_number(n) and n >= 0 for n in counts):
                return 'RLE: expected counts of 0 or more'
            if sum(counts) != area[0] * area[1]:
                return f'RLE: counts sum to {sum(counts)}, expected {area[0] * area[1]}'
        elif not isinstance(counts, str):
            return f'RLE: expected counts, got {type(counts).__name__}'
        return None
    if not isinstance(segmentation, list):
        return f'expected RLE or polygons, got {type(segmentation).__name__}'
    for index, polygon in enumerate(segmentation):
        if not isinstance(polygon, list) or not all(map(_is_number, polygon)):
            return f'polygon {index}: expected a list of finite numbers'
        if len(polygon) < 6 or len(polygon) % 2:
            return f'polygon {index}: expected at least 3 points, got {len(polygon)} numbers'
    return None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_box(box: Any) -> bool:
    return isinstance(box, list) and len(box) == 4 and all(map(_is_number, box))


def _inside(box: Any, size: tuple[float, float]) -> bool:
    x, y, width, height = box
    return (
        min(x, y) >= -_MARGIN and x + width <= size[0] + _MARGIN and y + height <= size[1] + _MARGIN
    )


def _triples(values: Any) -> list[tuple[float, float, float]]:
    if not isinstance(values, list) or len(values) % 3 or not all(map(_is_number, values)):
        return []
    return list(zip(values[::3], values[1::3], values[2::3]))


def fix(document: dict, problems: list[Problem], images: Path | None, drop: bool) -> dict[str, int]:
    """Mends ``document`` in place: sizes, ``num_keypoints`` and, with ``drop``, what is malformed.

    Returns:
        How many entries were changed or left out, by what was done.
    """
    done = Counter()
    affected = defaultdict(set)
    for found in problems:
        if found.malformed:
            affected['drop', found.where].add(found.id)
        if found.kind in _FIXABLE:
            affected[found.kind].add(found.id)
    for image in document['images']:
        if isinstance(image, dict) and image.get('id') in affected['size']:
            size = image.get('height'), image.get('width')
            if images is not None:
                size = image_size(images / image['file_name'])
            if all(map(_is_number, size)):
                image['width'], image['height'] = size
                done['sizes mended'] += 1
    for annotation in document['annotations']:
        if isinstance(annotation, dict) and annotation.get('id') in affected['num_keypoints']:
            annotation['num_keypoints'] = sum(
                v > 0 for _, _, v in _triples(annotation['keypoints'])
            )
            done['num_keypoints mended'] += 1
    if drop:
        images_left_out = affected['drop', 'image']

        def keeps(entry: Any, where: str, image_field: str) -> bool:
            return (
                isinstance(entry, dict)
                and 'id' in entry
                and entry['id'] not in affected['drop', where]
                and entry.get(image_field) not in images_left_out
            )

        for field, where, of in (
            ('images', 'image', 'id'),
            ('annotations', 'annotation', 'image_id'),
        ):
            kept = [entry for entry in document[field] if keeps(entry, where, of)]
            if len(kept) != len(document[field]):
                done[f'{field} left out'] = len(document[field]) - len(kept)
            document[field] = kept
    return dict(done)


def explain(config: Any, most: int = 3) -> str | None:
    """What is wrong with the annotation files of a config's data sets, in one line.

    ``train.py`` asks when a data set cannot be made: MMPose's errors name neither file nor id.

    Returns:
        The first problems that make an annotation unusable, or None.
    """
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        dataset = (config.get(name) or {}).get('dataset') or {}
        if not dataset.get('ann_file'):
            continue
        path = Path(dataset.get('data_root') or '') / dataset['ann_file']
        if not path.is_file():
            return f'{name}: no annotation file {path}'
        try:
            problems = [p for p in check(read_annotations(path)) if p.malformed]
        except LitePoseError as error:
            return str(error)
        if problems:
            shown = '; '.join(map(str, problems[:most]))
            more = f' and {len(problems) - most} more' if len(problems) > most else ''
            return f'{path}: {shown}{more} (tools/misc/check_annotations.py shows and mends all)'
    return None


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('annotations', type=Path, help='file in the form of COCO (.json)')
    parser.add_argument('--images', type=Path, help='folder of the pictures')
    parser.add_argument('--decode', action='store_true', help='read every picture to its end')
    parser.add_argument('--dataset', help='coco, crowdpose or a config: which keypoints to expect')
    parser.add_argument('--most', type=int, default=20, help='lines shown for each kind')
    parser.add_argument('--fix', type=Path, metavar='OUT', help='write a mended file')
    parser.add_argument(
        '--drop', action='store_true', help='with --fix: leave out what cannot be used'
    )
    return parser.parse_args()


def run(args: argparse.Namespace) -> int:
    """Checks, tells and mends; returns the exit status."""
    if args.drop and not args.fix:
        raise LitePoseError('--drop: only with --fix OUT')
    document = read_annotations(args.annotations)
    if args.images is not None and not args.images.is_dir():
        raise LitePoseError(f'--images {args.images}: no such folder')
    names = keypoint_names(args.dataset) if args.dataset else None
    problems = list(check(document, args.images, names, args.decode))
    counts = Counter(problem.kind for problem in problems)
    shown = Counter()
    for problem in problems:
        shown[problem.kind] += 1
        if shown[problem.kind] <= args.most:
            print(problem)
        elif shown[problem.kind] == args.most + 1:
            print(f'{problem.kind}: … {counts[problem.kind] - args.most} more')
    total = f'{len(document["images"])} images, {len(document["annotations"])} annotations'
    listed = ', '.join(f'{kind} {count}' for kind, count in counts.items()) or 'none'
    print(f'{args.annotations}: {total}; problems: {listed}')
    if args.fix:
        done = fix(document, problems, args.images, args.drop)
        with replacing(args.fix) as part:
            part.write_text(json.dumps(document))
        problems = list(check(document, args.images, names, args.decode))
        told = ', '.join(f'{what}: {count}' for what, count in done.items()) or 'nothing to mend'
        print(f'{args.fix}: {told}; problems left: {len(problems)}')
    return 1 if problems else 0


def main() -> int:
    try:
        return run(parse_args())
    except LitePoseError as error:
        print(f'{Path(sys.argv[0]).name}: error: {error}', file=sys.stderr)
        return 2


if __name__ == '__main__':
    sys.exit(main())
