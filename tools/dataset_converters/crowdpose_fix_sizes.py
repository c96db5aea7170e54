"""Mend the swapped widths and heights of CrowdPose's public annotation files.

Some of them have been published with width and height swapped, others not
(https://github.com/open-mmlab/mmpose/issues/310). With ``--images`` each size is read from its
picture. Without, the people tell: a file as a whole is swapped if more of them fit that way.

Example::

    python tools/dataset_converters/crowdpose_fix_sizes.py \\
        data/crowdpose/annotations/crowdpose_t*.json --images data/crowdpose/images \\
        --out-dir data/crowdpose/annotations/fixed
"""

import argparse
import json
import sys
from collections import defaultdict
from pathlib import Path

from litepose_mm.errors import LitePoseError
from litepose_mm.files import replacing


def fix_sizes(document: dict, images: Path | None = None) -> int:
    """Mends ``document`` in place.

    Args:
        document: Annotations in COCO's form.
        images: Folder of the pictures.

    Returns:
        How many images had another size.

    Raises:
        LitePoseError: A picture is missing or broken.
    """
    if images is not None:
        sizes = {image['id']: _size(images / image['file_name']) for image in document['images']}
    else:
        sizes = _sizes_by_people(document)
    changed = 0
    for image in document['images']:
        size = sizes[image['id']]
        changed += size != (image['width'], image['height'])
        image['width'], image['height'] = size
    return changed


def _size(path: Path) -> tuple[int, int]:
    from PIL import Image

    try:
        with Image.open(path) as image:
            # OpenCV, which loads it for training, turns it as its EXIF says
            turned = image.getexif().get(0x0112, 1) >= 5
            return image.size[::-1] if turned else image.size
    except OSError as error:
        raise LitePoseError(f'{path}: cannot be read ({error})') from error


def _sizes_by_people(document: dict) -> dict[int, tuple[int, int]]:
    reach = defaultdict(lambda: (0.0, 0.0))
    for person in document['annotations']:
        points = zip(*(iter(person.get('keypoints', ())),) * 3)
        x, y = reach[person['image_id']]
        for px, py, visible in points:
            if visible > 0:
                x, y = max(x, px), max(y, py)
        reach[person['image_id']] = x, y
    as_is = swapped = 0
    for image in document['images']:
        x, y = reach[image['id']]
        width, height = image['width'], image['height']
        as_is += x <= width and y <= height
        swapped += x <= height and y <= width
    order = -1 if swapped > as_is else 1
    return {i['id']: (i['width'], i['height'])[::order] for i in document['images']}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('annotations', type=Path, nargs='+', help="CrowdPose's .json files")
    parser.add_argument('--images', type=Path, help='folder of the pictures (recommended)')
    parser.add_argument('--out-dir', type=Path, required=True, help='folder for the mended files')
    args = parser.parse_args()
    try:
        for path in args.annotations:
            try:
                document = json.loads(path.read_text())
                changed = fix_sizes(document, args.images)
            except (OSError, KeyError, TypeError, ValueError) as error:
                if isinstance(error, LitePoseError):
                    raise
                raise LitePoseError(f'{path}: no annotations of CrowdPose ({error!r})') from error
            with replacing(args.out_dir / path.name) as part:
                part.write_text(json.dumps(document))
            print(f'{args.out_dir / path.name}: {changed} of {len(document["images"])} mended')
    except LitePoseError as error:
        print(f'{Path(sys.argv[0]).name}: error: {error}', file=sys.stderr)
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
