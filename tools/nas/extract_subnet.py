r"""Extract a network from a supernet, with its weights and config.

Example::

    python tools/nas/extract_subnet.py SUPERNET_CONFIG SUPERNET_CHECKPOINT \
        work_dirs/search/best.json --out checkpoints/found.pth --evaluate

The statistics of batch normalisation are calibrated. The network's config is written beside the
weights, here ``found.py``; it tests and exports the network, and fine-tunes it with the schedule
``finetune`` of the supernet's config.

``--alone`` makes a baseline for a search: it extracts the network from the checkpoint that the
supernet starts from, for training without a supernet.
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
from mmengine.config import DictAction

from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.nas import (
    SubnetEvaluator,
    default_device,
    get_search_space,
    load_supernet,
    save_subnet,
    sort_channels,
    subnet_config,
)
from litepose_mm.utils.files import check_writable, replacing


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help="the supernet's config")
    parser.add_argument('checkpoint', help="the supernet's checkpoint")
    parser.add_argument('arch', help='name or JSON file of an architecture')
    parser.add_argument('--out', type=Path, required=True, help='checkpoint to write (.pth)')
    parser.add_argument(
        '--calibration-batches',
        type=int,
        default=10,
        help='number of training batches for calibration (default: 10)',
    )
    parser.add_argument(
        '--device', default=default_device(), help='device (default: a GPU if there is one)'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='key=value pairs that override the config',
    )
    parser.add_argument(
        '--alone',
        action='store_true',
        help="treat the checkpoint as the supernet's load_from: sort its channels, as training "
        "does, and write a config with the schedule alone of the supernet's config",
    )
    parser.add_argument(
        '--evaluate', action='store_true', help='print the AP on the validation images'
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    check_writable(args.out)
    if args.out.suffix != '.pth':
        raise LitePoseError(f'--out: expected a name that ends in .pth, got {args.out}')
    config, supernet = load_supernet(args.config, args.checkpoint, args.device, args.cfg_options)
    space = get_search_space(config.search_space)
    if args.alone:  # the network need not be in the space
        arch = space.architecture(args.arch)
        supernet.activate(arch)
        sort_channels(supernet)
    else:
        arch = space.network(args.arch)
    own = subnet_config(
        config, arch, args.out.resolve(), schedule='alone' if args.alone else 'finetune'
    )
    evaluator = SubnetEvaluator(supernet, config, args.calibration_batches, split='val')
    subnet = evaluator.subnet(arch)
    metrics = evaluator.metrics(arch, subnet) if args.evaluate else {}
    save_subnet(subnet, arch, args.out, metrics=metrics)
    own_config = args.out.with_suffix('.py')
    with replacing(own_config) as part:
        own.dump(part)
    for name, value in metrics.items():
        print(f'{name} {value:.4f}')
    count = sum(value.numel() for value in subnet.parameters())
    print(f'{args.out}, {own_config}: {count:,} parameters')


if __name__ == '__main__':
    sys.exit(run_tool(main))
