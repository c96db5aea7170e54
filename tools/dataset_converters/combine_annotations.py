"""Combine annotation files in COCO's form into one, with the keypoints of COCO or CrowdPose.

Keypoints are matched by name; those that a file lacks are unlabelled (v = 0). With one file and
``--keypoints crowdpose``, COCO becomes training data for a network with CrowdPose's keypoints, of
which 12 are labelled. Images are not moved: the new file names them relative to its own folder.

Example::

    python tools/dataset_converters/combine_annotations.py data/few/annotations.json \\
        --from data/coco/annotations/person_keypoints_val2017.json data/coco/val2017 \\
        --from data/mine/people.json data/mine/images --keypoints crowdpose
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from litepose_mm.annotations import arrange, crowd_index, keypoint_names, read_people
from litepose_mm.annotations.values import image_path
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable, replacing


def combine(sources: list[tuple[Path, Path]], names: Sequence[str], folder: Path) -> dict:
    """Combine several documents into one.

    Args:
        sources: Pairs of an annotation file and the folder of its images.
        names: Keypoints of the result, in order.
        folder: Folder of the result, to which file names are relative.

    Returns:
        Annotations in COCO's form. Ids are kept if they are unique, or else replaced.

    Raises:
        LitePoseError: A file or folder is missing, or a file has malformed annotations or shares
            no keypoint with ``names``.
    """
    images, annotations = [], []
    for path, image_folder in sources:
        if not image_folder.is_dir():
            raise LitePoseError(f'--from {path} {image_folder}: no such folder: {image_folder}')
        document = read_people(path)
        (own,) = document['categories']
        own['keypoints'] = own['keypoints'] or _names_by_number(document, path)
        try:
            arrange(document, names, missing='unlabelled')
        except LitePoseError as error:
            raise LitePoseError(f'{path}: {error}') from error
        moved = {}
        for image in document['images']:
            file_name = os.path.relpath(image_path(image_folder, image['file_name']), folder)
            moved[image['id']] = dict(image, file_name=file_name)
        _collect(images, annotations, moved, document['annotations'])
    category = dict(id=1, name='person', keypoints=list(names), skeleton=[])
    return dict(images=images, annotations=annotations, categories=[category])


def _names_by_number(document: dict, path: Path) -> list[str]:
    """Return the names of keypoints by their number, since CrowdPose's files do not name them."""
    numbers = {len(a['keypoints']) // 3 for a in document['annotations']}
    known = {len(names): names for names in map(keypoint_names, ('coco', 'crowdpose'))}
    if len(numbers) != 1 or not numbers <= known.keys():
        raise LitePoseError(
            f'{path}: expected names of keypoints, or one of {sorted(known)} keypoints without '
            f'names, got {sorted(numbers)} without names'
        )
    return list(known[numbers.pop()])


def _collect(images: list, annotations: list, moved: dict, people: list) -> None:
    """Add a file's images and people, with new ids if any id is already used."""
    for kept, added in ((images, moved.values()), (annotations, people)):
        taken = {item['id'] for item in kept}
        if any(item['id'] in taken for item in added):
            for number, item in enumerate(added, start=max(taken) + 1):
                item['id'] = number
    crowd = {identifier: [] for identifier in moved}
    for person in people:
        crowd[person['image_id']].append(person)
        person['image_id'] = moved[person['image_id']]['id']
    for identifier, image in moved.items():
        image.setdefault('crowdIndex', crowd_index(crowd[identifier]))
    images += moved.values()
    annotations += people


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('out', type=Path, help='annotation file to write (.json)')
    parser.add_argument(
        '--from',
        dest='sources',
        nargs=2,
        type=Path,
        action='append',
        required=True,
        metavar=('ANNOTATIONS', 'IMAGES'),
        help='annotation file and folder of its images; can be repeated',
    )
    parser.add_argument(
        '--keypoints',
        default='coco',
        help='keypoints of the result: coco, crowdpose or those of a config (default: coco)',
    )
    args = parser.parse_args()
    check_writable(args.out)
    document = combine(
        [tuple(source) for source in args.sources],
        keypoint_names(args.keypoints),
        args.out.parent,
    )
    with replacing(args.out) as part:
        part.write_text(json.dumps(document))
    labelled = sum(person['num_keypoints'] > 0 for person in document['annotations'])
    print(f'{args.out}: {len(document["images"])} images, {labelled} people with keypoints')


if __name__ == '__main__':
    sys.exit(run_tool(main))
