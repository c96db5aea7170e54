"""Convert Leeds Sports Pose (Extended) to annotations with the 14 keypoints of CrowdPose.

The public data are a folder of images ``im00001.jpg`` … and ``joints.mat`` with one array. Its
shape is 14 x (x, y, labelled) x N in the extended set. In the original set, it is
(x, y, hidden) x 14 x N, and hidden keypoints are also labelled. Only one person is annotated in
each image, so that training on images with several people teaches a model to miss some. The box is
that of the keypoints, with a margin.

Example::

    python tools/dataset_converters/lspet_to_crowdpose.py data/lspet data/lspet/annotations.json
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np

from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.files import check_writable, replacing

LSP_JOINTS = (
    'right_ankle',
    'right_knee',
    'right_hip',
    'left_hip',
    'left_knee',
    'left_ankle',
    'right_wrist',
    'right_elbow',
    'right_shoulder',
    'left_shoulder',
    'left_elbow',
    'left_wrist',
    'neck',
    'top_head',
)
CROWDPOSE_JOINTS = (
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
    'top_head',
    'neck',
)
_ORDER = [LSP_JOINTS.index(name) for name in CROWDPOSE_JOINTS]


def read_joints(path: Path) -> np.ndarray:
    """Read LSP's file as (N, 14, 3): x, y and COCO's visibility 0, 1 or 2.

    Raises:
        LitePoseError: The file is missing or has another form.
    """
    from scipy.io import loadmat

    try:
        joints = np.asarray(loadmat(str(path))['joints'], dtype=np.float64)
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise LitePoseError(
            f'{path}: expected joints.mat of Leeds Sports Pose ({error!r})'
        ) from error
    if joints.ndim != 3 or joints.shape[:2] not in ((3, 14), (14, 3)):
        raise LitePoseError(f'{path}: expected joints of 3x14xN or 14x3xN, got {joints.shape}')
    if joints.shape[:2] == (3, 14):
        joints = joints.transpose(2, 1, 0).copy()
        joints[..., 2] = np.where(joints[..., 2] > 0, 1, 2)
    else:
        joints = joints.transpose(2, 0, 1).copy()
        joints[..., 2] = np.where(joints[..., 2] > 0, 2, 0)
    return joints


def to_crowdpose(joints: np.ndarray, sizes: list[tuple[int, int]], names: list[str]) -> dict:
    """Convert keypoints to annotations in COCO's form.

    Args:
        joints: (N, 14, 3) in LSP's order, see :func:`read_joints`.
        sizes: Width and height of the N images.
        names: File names of the images.
    """
    images, annotations = [], []
    for index, (person, size, name) in enumerate(zip(joints[:, _ORDER], sizes, names), start=1):
        x, y, visibility = person.T
        inside = (x >= 0) & (y >= 0) & (x < size[0]) & (y < size[1])
        labelled = inside & (visibility > 0)
        keypoints = np.where(labelled[:, None], person, 0.0)
        images.append(dict(id=index, file_name=name, width=size[0], height=size[1], crowdIndex=0.0))
        box = _box(keypoints[labelled, :2], size)
        annotations.append(
            dict(
                id=index,
                image_id=index,
                category_id=1,
                iscrowd=0,
                num_keypoints=int(labelled.sum()),
                keypoints=keypoints.round(1).ravel().tolist(),
                bbox=box,
                area=round(box[2] * box[3], 1),
            )
        )
    category = dict(id=1, name='person', keypoints=list(CROWDPOSE_JOINTS), skeleton=[])
    return dict(
        info=dict(
            description='Leeds Sports Pose Extended (Johnson and Everingham, CVPR 2011) with the '
            '14 keypoints of CrowdPose and one annotated person in each image'
        ),
        images=images,
        annotations=annotations,
        categories=[category],
    )


def _box(points: np.ndarray, size: tuple[int, int], margin: float = 0.08) -> list[float]:
    """Return x, y, width and height of a box around points, with a relative margin."""
    if not len(points):
        return [0.0, 0.0, 0.0, 0.0]
    low, high = points.min(axis=0), points.max(axis=0)
    border = margin * (high - low).max()
    low = np.maximum(low - border, 0)
    high = np.minimum(high + border, np.array(size) - 1)
    return [round(float(value), 1) for value in (*low, *(high - low))]


def convert(folder: Path) -> dict:
    """Convert a folder with ``joints.mat``, and with images in ``images/`` or beside it.

    Raises:
        LitePoseError: A part is missing, or the numbers of images and people differ.
    """
    from PIL import Image

    if not (folder / 'joints.mat').is_file():
        raise LitePoseError(f'{folder}: expected a folder with joints.mat and images/')
    joints = read_joints(folder / 'joints.mat')
    images = folder / 'images' if (folder / 'images').is_dir() else folder
    paths = sorted(images.glob('im*.jpg'))
    if len(paths) != len(joints):
        raise LitePoseError(
            f'{images}: expected {len(joints)} images, as many as in joints.mat, got {len(paths)}'
        )
    sizes = []
    for path in paths:
        try:
            with Image.open(path) as image:
                sizes.append(image.size)
        except OSError as error:
            raise LitePoseError(f'{path}: cannot be read ({error})') from error
    return to_crowdpose(joints, sizes, [path.name for path in paths])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('folder', type=Path, help='folder with joints.mat and images/')
    parser.add_argument('out', type=Path, help='annotation file to write (.json)')
    args = parser.parse_args()
    check_writable(args.out)
    document = convert(args.folder)
    with replacing(args.out) as part:
        part.write_text(json.dumps(document))
    labelled = sum(annotation['num_keypoints'] for annotation in document['annotations'])
    print(f'{args.out}: {len(document["images"])} images, {labelled} labelled keypoints')


if __name__ == '__main__':
    sys.exit(run_tool(main))
