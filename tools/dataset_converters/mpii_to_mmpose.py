"""Convert MPII Human Pose's public file to the files of MMPose's ``MpiiDataset``.

The public file is ``mpii_human_pose_v1_u12_1.mat``. Coordinates remain those of MATLAB, which count
from 1, as ``MpiiDataset`` expects. Only images of the training set are annotated; the file does not
say which of them are for validation. ``--val-images`` gives their names, one a line, for figures
that can be compared with published ones; without it, every n-th image is taken.

Example::

    python tools/dataset_converters/mpii_to_mmpose.py mpii_human_pose_v1_u12_1.mat \
        data/mpii/annotations --val-images val_images.txt

writes ``mpii_train.json``, ``mpii_val.json`` and ``mpii_gt_val.mat`` with the head boxes of the
people of the second, which PCKh needs.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError, some
from litepose_mm.utils.files import check_writable, replacing

NUM_JOINTS = 16
_HEAD = ('x1', 'y1', 'x2', 'y2')


def read_release(path: Path) -> Any:
    """Read the public file.

    Raises:
        LitePoseError: The file is missing or has another form.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        release = loadmat(str(path), struct_as_record=False, squeeze_me=True)['RELEASE']
        if len(_list(release.annolist)) != len(_list(release.img_train)):
            raise ValueError('annolist and img_train differ in length')
    except (OSError, KeyError, TypeError, ValueError, AttributeError, MatReadError) as error:
        raise LitePoseError(f"{path}: expected MPII's public annotations ({error!r})") from error
    return release


def read_people(release: Any) -> Iterator[tuple[dict[str, Any], np.ndarray | None]]:
    """Yield the annotated people of training images in MMPose's form, and their head boxes.

    People without keypoints, position or scale are left out. A head box is ``[[x1, y1], [x2, y2]]``
    or None.
    """
    for entry, is_training in zip(_list(release.annolist), _list(release.img_train)):
        if not is_training:
            continue
        for person in _list(getattr(entry, 'annorect', [])):
            points = getattr(getattr(person, 'annopoints', None), 'point', None)
            position, scale = getattr(person, 'objpos', None), getattr(person, 'scale', None)
            centre = [getattr(position, axis, None) for axis in 'xy']
            if points is None or not all(map(_is_number, (scale, *centre))):
                continue
            joints, labelled = [[-1.0, -1.0] for _ in range(NUM_JOINTS)], [0] * NUM_JOINTS
            for point in _list(points):
                joints[int(point.id)] = [float(point.x), float(point.y)]
                labelled[int(point.id)] = 1
            head = [getattr(person, name, None) for name in _HEAD]
            yield (
                dict(
                    image=str(entry.image.name),
                    center=[float(value) for value in centre],
                    scale=float(scale),
                    joints=joints,
                    joints_vis=labelled,
                ),
                np.reshape(head, (2, 2)).astype(float) if all(map(_is_number, head)) else None,
            )


def validation_images(names: list[str], listed: Path | None, every: int) -> set[str]:
    """Return the images for validation.

    Args:
        names: All annotated images.
        listed: File with the names of those for validation, one a line.
        every: Without a file, the first of this many images is for validation.

    Raises:
        LitePoseError: The file cannot be read, or names an image that is not annotated.
    """
    if listed is None:
        return set(names[::every])
    try:
        found = set(listed.read_text(encoding='utf-8').split())
    except (OSError, ValueError) as error:
        raise LitePoseError(f'{listed}: cannot be read ({error})') from error
    unknown = sorted(found - set(names))
    if unknown or not found:
        raise LitePoseError(
            f'{listed}: expected names of annotated training images, one a line, got '
            f'{some(unknown) if unknown else "none"}'
        )
    return found


def _list(value: Any) -> list[Any]:
    """Return MATLAB's array of structures, of which one is not an array."""
    return list(value) if isinstance(value, (np.ndarray, list)) else [value]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float, np.number))


def main() -> None:
    from scipy.io import savemat

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('release', type=Path, help='mpii_human_pose_v1_u12_1.mat')
    parser.add_argument('folder', type=Path, help='folder of the files to write')
    parser.add_argument('--val-images', type=Path, help='names of the images for validation')
    parser.add_argument(
        '--val-every',
        type=int,
        default=8,
        metavar='N',
        help='without --val-images, take one of N images for validation (default: 8)',
    )
    args = parser.parse_args()
    if args.val_every < 2:
        raise LitePoseError(f'--val-every: expected at least 2, got {args.val_every}')
    check_writable(args.folder / 'mpii_train.json')
    people = list(read_people(read_release(args.release)))
    names = list(dict.fromkeys(person['image'] for person, _ in people))
    chosen = validation_images(names, args.val_images, args.val_every)
    train = [person for person, _ in people if person['image'] not in chosen]
    # PCKh is not defined without a head box.
    val = [each for each in people if each[0]['image'] in chosen and each[1] is not None]
    if not train or not val:
        raise LitePoseError(
            f'{args.release}: expected people for training and validation, got {len(train)} and '
            f'{len(val)}'
        )
    for name, own in (('mpii_train.json', train), ('mpii_val.json', [each for each, _ in val])):
        with replacing(args.folder / name) as part:
            part.write_text(json.dumps(own))
        print(f'{args.folder / name}: {len(own)} people')
    with replacing(args.folder / 'mpii_gt_val.mat') as part, part.open('wb') as file:
        savemat(file, dict(headboxes_src=np.stack([box for _, box in val], axis=-1)))


if __name__ == '__main__':
    sys.exit(run_tool(main))
