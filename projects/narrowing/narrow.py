"""Initialise a narrow LitePose from a wider one by rotating, selecting and fitting channels.

Both networks must have the same blocks, kernel sizes and keypoints. Images are training samples of
the narrow config, with its augmentation.

Example::

    python projects/narrowing/narrow.py XS_CONFIG M_CONFIG litepose-m.pth --out narrowed.pth
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner, set_random_seed
from mmpose.models import build_pose_estimator
from narrowing import narrow
from torch import Tensor, nn

from litepose_mm.annotations import explained
from litepose_mm.checkpoints import load_weights, save_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.utils.config_files import read_config
from litepose_mm.utils.files import check_writable


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the narrow network, with its training images')
    parser.add_argument('wide_config', help='config of the wide network')
    parser.add_argument('wide_weights', help='checkpoint of the wide network')
    parser.add_argument('--out', type=Path, required=True, help='checkpoint to write')
    parser.add_argument(
        '--images', type=int, default=96, help='number of images to fit to (default: 96)'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: 0)')
    return parser.parse_args()


def training_images(config: Config, preprocessor: nn.Module, count: int, seed: int) -> Tensor:
    """Return the first ``count`` training samples, normalised, ``(N, 3, H, W)``."""
    set_random_seed(seed)
    settings = dict(config.train_dataloader, num_workers=0, persistent_workers=False)
    batches, found = [], 0
    for batch in Runner.build_dataloader(settings, seed=seed):
        batches.append(preprocessor(batch, training=True)['inputs'])
        found += len(batches[-1])
        if found >= count:
            break
    if not batches:
        raise LitePoseError(
            'expected training data for at least one batch of the narrow config, got less'
        )
    return torch.cat(batches)[:count]


def main() -> None:
    args = parse_args()
    if args.images < 1:
        raise LitePoseError(f'--images: expected at least 1, got {args.images}')
    check_writable(args.out)
    init_default_scope('mmpose')
    config = read_config(args.config)
    small, wide = (
        build_pose_estimator(each.model) for each in (config, read_config(args.wide_config))
    )
    load_weights(wide, args.wide_weights)
    with explained(config, 'train_dataloader'):
        images = training_images(config, small.data_preprocessor, args.images, args.seed)
    narrow(wide, small, images)
    save_weights(small.state_dict(), args.out, dict(config=args.config))
    print(f'{args.out}: narrowed with {len(images)} images')


if __name__ == '__main__':
    sys.exit(run_tool(main))
