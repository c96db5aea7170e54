"""Measure the overhead of elastic layers in training and of the evaluations of a search.

``step`` compares a supernet with one active network and the same static network, in turns. At the
largest resolution, both get the same batch. At a smaller one, the supernet resizes the batch and
draws its targets again, which the loader of the static network has already done.

``evaluation`` compares everything that a search does for a network (extraction, calibration,
validation with decoding and AP) with only the forward passes for the same images: those of a test
(the plain network, batches of the config), and those of the evaluation (merged layers, several
images in a batch).

Figures are medians over rounds; the aim is the largest acceptable ratio. There is no flip test.
"""

import argparse
from functools import partial
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
import torch
from mmengine.dataset import pseudo_collate
from mmengine.logging import MMLogger
from mmengine.optim import build_optim_wrapper
from mmengine.runner import set_random_seed
from mmpose.models import build_pose_estimator
from mmpose.registry import DATASETS
from reporting import environment, print_table
from timing import in_turns
from torch import nn

from litepose_mm.checkpoints import load_weights
from litepose_mm.families.litepose import Architecture
from litepose_mm.media import write_json
from litepose_mm.models.utils.deploy_form import to_deploy_form
from litepose_mm.nas import SubnetEvaluator, read_supernet_config, subnet_config
from litepose_mm.nas.search_spaces import SearchSpace, get_search_space

CONFIG = (
    'configs/body_2d_keypoint/associative_embedding/synthetic/'
    'ae_litepose-supernet-s_1xb8-6e_synthetic-192x192.py'
)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--config', default=CONFIG, help='config of a supernet')
    parser.add_argument(
        '--checkpoint',
        help='checkpoint of a trained supernet; random weights find 30 people in every image',
    )
    parser.add_argument('--batch-size', type=int, help='batch size (default: that of the config)')
    parser.add_argument(
        '--num-images', type=int, default=200, help='number of images for validation'
    )
    parser.add_argument('--calibration-batches', type=int, default=10)
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument(
        '--threads', type=int, default=torch.get_num_threads(), help='number of torch threads'
    )
    parser.add_argument('--out', type=Path, help='JSON file for the figures')
    return parser.parse_args()


def archs_of(space: SearchSpace) -> dict[str, Architecture]:
    ratio = sorted(space.ratios)[len(space.ratios) // 2]
    return {
        'largest': space.largest,
        f'{ratio} of the widths': space.uniform(ratio),
        'smallest': space.smallest,
    }


def step_rows(config, archs: dict[str, Architecture], rounds: int) -> list[dict]:
    rows = []
    for name, arch in archs.items():
        static = _Training(subnet_config(config, arch))
        elastic = _Training(config)
        elastic.model.training_archs = [arch]
        seconds = in_turns([static.step, elastic.step], rounds)
        own, supernet = np.median(seconds, axis=0)
        rows.append(
            dict(
                network=name,
                input=arch.img_size,
                static_seconds=own,
                supernet_seconds=supernet,
                ratio=np.median(seconds[:, 1] / seconds[:, 0]),
                aim=1.15,
            )
        )
    return rows


class _Training:
    """A model and a batch of a config, in the memory format that hooks set on a CPU."""

    def __init__(self, config) -> None:
        set_random_seed(0)
        self.model = build_pose_estimator(config.model).train()
        self.model.init_weights()
        self.model.to(memory_format=torch.channels_last)
        self.optimizer = build_optim_wrapper(self.model, config.optim_wrapper)
        loader = config.train_dataloader
        dataset = DATASETS.build(loader.dataset)
        self.batch = pseudo_collate([dataset[index] for index in range(loader.batch_size)])

    def step(self) -> None:
        self.model.train_step(self.batch, self.optimizer)


def evaluation_rows(config, archs: dict[str, Architecture], args) -> list[dict]:
    supernet = build_pose_estimator(config.model).eval()
    if args.checkpoint:
        load_weights(supernet, args.checkpoint)
    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches)
    rows = []
    for name, arch in archs.items():
        network = evaluator.subnet(arch)
        batches = {split: evaluator._batches(split, arch) for split in ('train', 'val')}
        train, val = (
            [
                network.data_preprocessor(batch, training=split == 'train')['inputs']
                for batch in batches[split]
            ]
            for split in batches
        )
        size = evaluator._loaders['val']['batch_size']
        apart = [part for images in val for part in images.split(size)]
        merged = to_deploy_form(network)
        seconds = in_turns(
            [
                partial(forward, (network, train), (network, apart)),
                partial(forward, (network, train), (merged, val)),
                partial(evaluator.metrics, arch),
            ],
            args.rounds,
        )
        passes, own_passes, whole = np.median(seconds, axis=0)
        rows.append(
            dict(
                network=name,
                input=arch.img_size,
                images=sum(map(len, train + val)),
                forward_seconds=passes,
                own_seconds=own_passes,
                evaluation_seconds=whole,
                ratio=np.median(seconds[:, 2] / seconds[:, 0]),
                aim=1.1,
                own_ratio=np.median(seconds[:, 2] / seconds[:, 1]),
            )
        )
    return rows


@torch.no_grad()
def forward(*passes: tuple[nn.Module, list[torch.Tensor]]) -> None:
    for network, inputs in passes:
        for images in inputs:
            network.head.forward(network.extract_feat(images))


def main() -> None:
    args = parse_args()
    MMLogger.get_instance('benchmark', log_level='WARNING')  # without a line for every weight
    torch.set_num_threads(args.threads)
    config = read_supernet_config(args.config)
    config.model.test_cfg.flip_test = False
    loader = config.train_dataloader
    loader.batch_size = args.batch_size or loader.batch_size
    loader.dataset.indices = loader.batch_size * args.calibration_batches
    for name in ('search_dataloader', 'val_dataloader'):
        if name in config:
            config[name].dataset.indices = args.num_images
    archs = archs_of(get_search_space(config.search_space))
    report = dict(environment=environment(args.threads, args.rounds))
    print(report['environment'])
    tables = dict(
        step=step_rows(config, archs, args.rounds), evaluation=evaluation_rows(config, archs, args)
    )
    for title, rows in tables.items():
        print_table(title, rows)
    report.update(tables)
    if args.out:
        write_json(args.out, report)


if __name__ == '__main__':
    main()
