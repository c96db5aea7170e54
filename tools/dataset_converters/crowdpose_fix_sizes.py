"""Fix the swapped widths and heights of CrowdPose's public annotation files.

Some of these files were published with width and height swapped
(https://github.com/open-mmlab/mmpose/issues/310). With ``--images``, each size is read from its
image. Without it, all sizes of a file are swapped if more people then lie inside their images.

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

import litepose_mm.modules  # noqa: F401
from litepose_mm.annotations import read_annotations
from litepose_mm.annotations.images import num_fitting, size_of_image
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable, replacing


def fix_sizes(document: dict, images: Path | None = None) -> int:
    """Fix the sizes of ``document`` in place.

    Args:
        document: Annotations in COCO's form.
        images: Folder of the images, if there is one.

    Returns:
        The number of images whose size was wrong.

    Raises:
        LitePoseError: An image is missing or broken.
    """
    swapped = images is None and _are_swapped(document)
    changed = 0
    for image in document['images']:
        before = image['width'], image['height']
        if images is not None:
            image['width'], image['height'] = _size(images / image['file_name'])
        elif swapped:
            image['width'], image['height'] = before[::-1]
        changed += before != (image['width'], image['height'])
    return changed


def _size(path: Path) -> tuple[int, int]:
    try:
        return size_of_image(path)
    except (OSError, SyntaxError) as error:
        raise LitePoseError(f'{path}: cannot be read ({error})') from error


def _are_swapped(document: dict) -> bool:
    people = defaultdict(list)
    for person in document['annotations']:
        people[person['image_id']].append(person)
    as_is = swapped = 0
    for image in document['images']:
        size = image['width'], image['height']
        as_is += num_fitting(people[image['id']], size)
        swapped += num_fitting(people[image['id']], size[::-1])
    return swapped > as_is


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('annotations', type=Path, nargs='+', help="CrowdPose's .json files")
    parser.add_argument('--images', type=Path, help='folder of the images (recommended)')
    parser.add_argument('--out-dir', type=Path, required=True, help='folder for the fixed files')
    args = parser.parse_args()
    for path in args.annotations:
        check_writable(args.out_dir / path.name)
        document = read_annotations(path)
        try:
            changed = fix_sizes(document, args.images)
        except (KeyError, TypeError) as error:
            raise LitePoseError(f'{path}: expected annotations of CrowdPose ({error!r})') from error
        with replacing(args.out_dir / path.name) as part:
            part.write_text(json.dumps(document))
        print(f'{args.out_dir / path.name}: {changed} of {len(document["images"])} sizes fixed')


if __name__ == '__main__':
    sys.exit(run_tool(main))
