"""Write synthetic people as images and an annotation file in COCO's layout.

    OUTPUT/SPLIT/000000.png …
    OUTPUT/annotations/person_keypoints_SPLIT.json

Images and annotations are those of ``ClothedPeopleDataset`` with the same options. With
``--contact-sheet``, a single image of some scenes with their annotations is written instead.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import cv2
import numpy as np
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from rich.console import Console
from rich.progress import track

from litepose_mm.annotations import crowd_index
from litepose_mm.cli.programs import run_tool
from litepose_mm.datasets.datasets.synthetic_people_dataset import KEYPOINT_SETS
from litepose_mm.datasets.synthetic import (
    SceneOptions,
    person_annotations,
    select_keypoints,
)
from litepose_mm.datasets.synthetic.annotations import CATEGORY
from litepose_mm.errors import LitePoseError
from litepose_mm.structures import PoseResult, Skeleton
from litepose_mm.utils.files import check_writable, replacing
from litepose_mm.visualization import draw_skeletons

sys.path.append(str(Path(__file__).resolve().parents[1]))
from synthetic_people import make_scene


def render(
    output: Path, split: str, options: SceneOptions, seed: int, count: int, skeleton: Skeleton
) -> Path:
    """Write images and annotations, and return the annotation file."""
    path = output / 'annotations' / f'person_keypoints_{split}.json'
    check_writable(path)
    selection = select_keypoints(skeleton.keypoint_names)
    images, annotations = [], []
    width, height = options.image_size
    for index in _progress(count):
        scene = make_scene(options, seed, index)
        people = person_annotations(scene.people, index, selection)
        name = f'{index:06d}.png'
        _write_image(output / split / name, scene.image)
        images.append(
            dict(id=index, file_name=name, width=width, height=height,
                 crowdIndex=crowd_index(people))
        )  # fmt: skip
        annotations += people
    category = dict(
        CATEGORY,
        keypoints=list(skeleton.keypoint_names),
        skeleton=[[start + 1, end + 1] for start, end in skeleton.links],
    )
    document = dict(
        info=dict(description=f'synthetic people, seed {seed}'),
        licenses=[],
        categories=[category],
        images=images,
        annotations=annotations,
    )
    with replacing(path) as part:
        part.write_text(json.dumps(document))
    return path


def contact_sheet(
    path: Path, options: SceneOptions, seed: int, count: int, skeleton: Skeleton
) -> None:
    """Write an image that shows scenes without and with their annotations."""
    selection = select_keypoints(skeleton.keypoint_names)
    tiles = []
    for index in _progress(count):
        scene = make_scene(options, seed, index)
        people = person_annotations(scene.people, index, selection)
        truth = np.reshape([person['keypoints'] for person in people], (-1, len(selection), 3))
        result = PoseResult(
            keypoints=truth[..., :2],
            keypoint_scores=(truth[..., 2] > 0).astype(float),
            scores=np.ones(len(truth)),
            skeleton=skeleton,
            image_size=options.image_size,
        )
        tiles.append(np.hstack([scene.image, draw_skeletons(scene.image, result)]))
    columns = max(round(np.sqrt(count / 2)), 1)
    tiles += [np.zeros_like(tiles[0])] * (-count % columns)
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    _write_image(path, np.vstack(rows))


def _write_image(path: Path, image: np.ndarray) -> None:
    with replacing(path) as part:
        if not cv2.imwrite(str(part), image, [cv2.IMWRITE_JPEG_QUALITY, 80]):
            raise LitePoseError(f'cannot write {path}')


def _progress(count: int) -> Iterator[int]:
    console = Console(stderr=True)
    yield from track(
        range(count), 'rendering', console=console, transient=True, disable=not console.is_terminal
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('output', type=Path, help='folder to write to')
    parser.add_argument('--split', default='train', help='name of the set (default: train)')
    parser.add_argument('--num-images', type=int, default=1000)
    parser.add_argument(
        '--seed', type=int, default=0, help='seed of the series of scenes (default: 0)'
    )
    parser.add_argument(
        '--image-size', type=int, nargs=2, default=(256, 256), metavar=('WIDTH', 'HEIGHT')
    )
    parser.add_argument(
        '--people', type=int, nargs=2, default=(1, 5), metavar=('FEWEST', 'MOST'),
        help='smallest and largest number of people in a scene (default: 1 5)',
    )  # fmt: skip
    parser.add_argument('--keypoints', choices=tuple(KEYPOINT_SETS), default='coco')
    parser.add_argument(
        '--contact-sheet', action='store_true',
        help='write a single image that shows the scenes without and with annotations to OUTPUT',
    )  # fmt: skip
    args = parser.parse_args()
    if args.num_images < 1 or args.seed < 0:
        raise LitePoseError('expected at least one image and a seed of at least 0')
    options = SceneOptions(image_size=tuple(args.image_size), people=tuple(args.people))
    skeleton = Skeleton.from_metainfo(parse_pose_metainfo(KEYPOINT_SETS[args.keypoints]))
    if args.contact_sheet:
        contact_sheet(args.output, options, args.seed, args.num_images, skeleton)
        print(args.output)
    else:
        print(render(args.output, args.split, options, args.seed, args.num_images, skeleton))


if __name__ == '__main__':
    sys.exit(run_tool(main))
