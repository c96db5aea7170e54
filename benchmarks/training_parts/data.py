"""Images for training."""

import io
import json
from argparse import Namespace
from contextlib import redirect_stdout
from pathlib import Path

import cv2
from mmengine.dataset import BaseDataset
from mmpose.registry import DATASETS

from litepose_mm.datasets.datasets.synthetic_people_dataset import SyntheticPeopleDataset

KINDS = {'coco': 'CocoDataset', 'crowdpose': 'CrowdPoseDataset'}


def write_people(folder: Path, args: Namespace) -> tuple[Path, Path]:
    """Write synthetic images of COCO's usual size; return annotation file and folder."""
    width, height = 640, 480
    scenes = SyntheticPeopleDataset(
        args.num_images, image_size=(width, height), keypoints=args.keypoints, people=(1, 8)
    )
    images, annotations = [], []
    for index in range(args.num_images):
        image, people = scenes.scene(index)
        name = f'{index}.jpg'
        cv2.imwrite(str(folder / name), image)
        images.append(dict(id=index, file_name=name, width=width, height=height, crowdIndex=0))
        annotations += people
    names = list(scenes.metainfo['keypoint_id2name'].values())
    categories = [dict(id=1, name='person', keypoints=names)]
    document = dict(images=images, annotations=annotations, categories=categories)
    path = folder / 'annotations.json'
    path.write_text(json.dumps(document), encoding='utf-8')
    return path, folder


def build_dataset(args: Namespace, pipeline: list[dict]) -> BaseDataset:
    """Build a data set of MMPose with the images of ``args``."""
    annotations, folder = args.images
    config = dict(
        type=KINDS[args.keypoints],
        ann_file=str(annotations),
        data_prefix=dict(img=str(folder)),
        data_mode='bottomup',
        pipeline=pipeline,
    )
    with redirect_stdout(io.StringIO()):  # suppress messages of the reader
        return DATASETS.build(config)
