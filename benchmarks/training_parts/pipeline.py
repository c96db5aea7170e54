"""Compare each part of the data pipeline with MMPose's."""

import itertools
import time
from argparse import Namespace

import cv2
import numpy as np
import torch
from mmengine.runner import set_random_seed
from mmpose.registry import TRANSFORMS
from reporting import Rows

from .data import build_dataset

PARTS = ('annotations', 'file', 'affine', 'flip', 'targets', 'masks', 'packing')


def measure(args: Namespace) -> dict[str, Rows]:
    """Measure the CPU time of each part, and images per second of one worker, with one thread.

    Times are means over the images with people, because MMPose fails without people. Each part
    gets the same sample on both sides.
    """
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
    set_random_seed(0)
    dataset = build_dataset(args, [])
    pipelines = [
        [lambda sample: dataset.get_data_info(sample['index']), *map(TRANSFORMS.build, transforms)]
        for transforms in (_mmpose(args.codec), args.pipeline)
    ]
    indices = [i for i in range(len(dataset)) if len(dataset[i]['keypoints'])]
    times = np.zeros((args.rounds + 1, 2, len(indices), len(PARTS)))
    for turn, (row, index) in itertools.product(range(args.rounds + 1), enumerate(indices)):
        samples = [dict(index=index)] * 2
        for column, part in enumerate(PARTS):
            for side in (0, 1) if turn % 2 else (1, 0):
                start = time.process_time()
                samples[side] = pipelines[side][column](dict(samples[side]))
                times[turn, side, row, column] = time.process_time() - start
            if part in PARTS[:4]:  # the same for both, with the keys that MMPose's masks need
                known = dict(input_size=args.codec['input_size'])
                known['img_shape'] = samples[1].get('ori_shape')
                samples[0] = dict(samples[1], **known)
    # The first round is for warming up.
    milliseconds = np.median(times[1:], axis=0).mean(axis=1) * 1e3
    both = milliseconds[:, 4:6].sum(axis=1)
    milliseconds = np.column_stack([milliseconds, both, milliseconds.sum(axis=1)])
    rows = [
        dict(part=part, mmpose_ms=theirs, ours_ms=ours, ratio=theirs / ours)
        for part, (theirs, ours) in zip([*PARTS, 'targets + masks', 'whole'], milliseconds.T)
    ]
    theirs, ours = 1e3 / milliseconds[:, -1]
    worker = dict(mmpose_images_per_second=theirs, ours_images_per_second=ours)
    return {'pipeline': rows, 'pipeline, one worker': [worker]}


def _mmpose(codec: dict) -> list[dict]:
    """Return MMPose's counterparts of our transforms."""
    size = codec['input_size']
    encoders = [
        dict(type='AssociativeEmbedding', input_size=size, heatmap_size=level, sigma=2)
        for level in codec['heatmap_sizes']
    ]
    return [
        dict(type='LoadImage'),
        dict(type='BottomupRandomAffine', input_size=size),
        dict(type='RandomFlip', direction='horizontal'),
        dict(type='GenerateTarget', encoder=encoders, multilevel=True),
        dict(type='BottomupGetHeatmapMask'),
        dict(type='PackPoseInputs'),
    ]
