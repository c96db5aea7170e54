r"""Derive networks from the checkpoint of a search by gradient.

Example::

    python tools/nas/derive.py SEARCH_CONFIG CHECKPOINT --limit 4e7 --samples 4 \
        --out-dir work_dirs/derived
    python tools/train.py work_dirs/derived/best.py

The most probable network under the limit is ``best``, and networks that are drawn from the
probabilities are ``sample_0``, …. Each has an architecture (.json), weights (.pth), and a config
(.py) that trains them with the schedule ``finetune`` of the search's config; ``derived.md`` is a
table of them. The weights are those of the search, or, with ``--chain``, those of another network
of the family by parameter remapping.
"""

import argparse
import sys
from pathlib import Path

import litepose_mm.modules  # noqa: F401

# isort: split
import numpy as np
from mmengine.config import DictAction
from mmpose.models import build_pose_estimator

from litepose_mm.checkpoints import load_weights, read_weights
from litepose_mm.cli.programs import run_tool
from litepose_mm.errors import LitePoseError
from litepose_mm.media import write_json
from litepose_mm.nas import read_supernet_config, save_subnet, subnet_config
from litepose_mm.nas.differentiable import copy_derived, derive, draw, remap_chain
from litepose_mm.nas.search_report import format_cost, networks_table
from litepose_mm.utils.files import check_writable, replacing


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('config', help='config of the search')
    parser.add_argument('checkpoint', help='checkpoint of the search')
    parser.add_argument('--out-dir', type=Path, required=True, help='folder of the files to write')
    parser.add_argument(
        '--limit', type=float, help="largest cost (default: the limit of the config's model.cost)"
    )
    parser.add_argument(
        '--samples', type=int, default=0, help='number of networks to draw besides (default: 0)'
    )
    parser.add_argument('--seed', type=int, default=0, help='random seed (default: 0)')
    parser.add_argument(
        '--chain', help='weights of a network from which those of the derived ones are remapped'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='key=value pairs that override the config',
    )
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    for name in ('samples', 'seed'):
        if getattr(args, name) < 0:
            raise LitePoseError(f'--{name}: expected at least 0, got {getattr(args, name)}')
    check_writable(args.out_dir / 'best.py')
    config = read_supernet_config(args.config, args.cfg_options)
    model = build_pose_estimator(config.model).eval()
    if not hasattr(model, 'mixed_blocks'):
        raise LitePoseError(f'{args.config}: expected the config of a search by gradient')
    load_weights(model, args.checkpoint)
    limit = model.limit if args.limit is None else args.limit
    probabilities = [
        block.probabilities().detach().double().numpy() for block in model.mixed_blocks
    ]
    networks = {'best': derive(probabilities, model.costs, limit)}
    drawn = draw(probabilities, model.costs, args.samples, np.random.default_rng(args.seed), limit)
    networks.update((f'sample_{number}', own) for number, own in enumerate(drawn))
    rows = []
    for name, choices in networks.items():
        arch, path = model.backbone.arch_of(choices), args.out_dir / name
        weights = path.with_suffix('.pth').resolve()
        own = subnet_config(config, arch, weights, schedule='finetune')
        network = build_pose_estimator(own.model)
        if args.chain is None:
            copy_derived(model, choices, network)
        else:
            remap_chain(read_weights(args.chain).state_dict, network.backbone, args.chain)
        save_subnet(network, arch, weights)
        write_json(path.with_suffix('.json'), arch.to_dict())
        with replacing(path.with_suffix('.py')) as part:
            own.dump(part)
        count = sum(value.numel() for value in network.parameters())
        rows.append(([path.name, format_cost(model.costs.of(choices)), f'{count:,}'], arch))
    space = model.backbone.space
    lines = [*networks_table(space, [model.costs.name, 'parameters'], rows), '']
    with replacing(args.out_dir / 'derived.md') as part:
        part.write_text('\n'.join(lines), encoding='utf-8')
    print('\n'.join(lines))


if __name__ == '__main__':
    sys.exit(run_tool(main))
